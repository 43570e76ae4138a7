import { amountIn } from "./amounts.js";
import { type Intent, partIn, understand } from "./intents.js";
import { detectLanguage, knownLanguage } from "./language.js";
import type { Language, Situation, Turn } from "./types.js";

/** A tool call of the current exchange and, once it is there, its output. */
export interface Exchange {
  readonly name: string;
  readonly output: string | undefined;
}

/** Where the conversation stands, read off its history. */
export interface Standing {
  readonly language: Language;
  /** The last words, or sound, of the caller. */
  readonly heard: Extract<Turn, { kind: "caller" | "sound" }> | undefined;
  /** What those words ask for. */
  readonly intent: Intent;
  /** Whether the agent has said something since. */
  readonly answered: boolean;
  /** Tools that were called, or have answered, since the caller last spoke. */
  readonly exchanges: readonly Exchange[];
  /** Whether the last thing that happened is the output of a tool. */
  readonly outputIsNew: boolean;
}

export function standingOf(situation: Situation): Standing {
  const { history } = situation;
  const last = history.findLastIndex(isHeard);
  const heard = history.filter(isHeard).at(-1);
  const since = history.slice(last + 1);
  const lastSaid = since.findLastIndex((turn) => turn.kind === "agent");
  const lastOutput = since.findLastIndex((turn) => turn.kind === "output");
  const language = languageOf(situation);
  return {
    language,
    heard,
    intent:
      heard?.kind === "caller"
        ? intentOf(heard.text, language, history.slice(0, last))
        : { name: "unknown" },
    answered: lastSaid >= 0,
    exchanges: exchangesOf(since, history),
    outputIsNew: lastOutput > lastSaid,
  };
}

/** Whether a tool has been called at any time in the conversation. */
export function wasCalled(history: readonly Turn[], name: string): boolean {
  return history.some((turn) => turn.kind === "call" && turn.name === name);
}

/** The last words of the agent that the caller heard to their end. */
export function lastSaid(history: readonly Turn[]): string | undefined {
  for (const turn of history.toReversed()) {
    if (turn.kind === "agent" && turn.text !== null) {
      return turn.text;
    }
  }
  return undefined;
}

/** The language of the caller's last words that tell; before there are any, that of the agent's. */
function languageOf(situation: Situation): Language {
  for (const turn of situation.history.toReversed()) {
    if (turn.kind === "caller") {
      const language =
        knownLanguage(turn.language) ?? detectLanguage(turn.text);
      if (language) {
        return language;
      }
    }
  }
  return detectLanguage(lastSaid(situation.history) ?? "") ?? "en";
}

/** What words ask for, or answer: after "how much?" a number is an amount, after "which part?" anything is a part. */
function intentOf(
  text: string,
  language: Language,
  before: readonly Turn[],
): Intent {
  const intent = understand(text, language);
  if (intent.name !== "unknown" && intent.name !== "greeting") {
    return intent;
  }
  const previous = before.filter((turn) => turn.kind === "caller").at(-1);
  const asked = previous && understand(previous.text, language);
  const amount = amountIn(text);
  if (asked?.name === "pay" && asked.amount === undefined && amount) {
    return { name: "pay", amount };
  }
  if (
    intent.name === "unknown" &&
    (asked?.name === "find_part" || asked?.name === "ask_price") &&
    asked.item === undefined
  ) {
    return { name: "find_part", ...partIn(text, language) };
  }
  return intent;
}

/** A call may be older than the caller's last words: people go on talking while a tool works. */
function exchangesOf(
  since: readonly Turn[],
  history: readonly Turn[],
): Exchange[] {
  return history.flatMap((turn) => {
    if (turn.kind !== "call") {
      return [];
    }
    const output = since.find(
      (other) => other.kind === "output" && other.callId === turn.callId,
    );
    return output || since.includes(turn)
      ? [
          {
            name: turn.name,
            output: output?.kind === "output" ? output.output : undefined,
          },
        ]
      : [];
  });
}

function isHeard(
  turn: Turn,
): turn is Extract<Turn, { kind: "caller" | "sound" }> {
  return turn.kind === "caller" || turn.kind === "sound";
}
