import {
  type Fields,
  flagOf,
  maybeNumber,
  maybeText,
  textOf,
} from "./fields.js";
import type { FeedEntry } from "./wire.js";

/** About how fast an agent speaks, when nothing says how long its words took. */
const MS_PER_LETTER = 65;

/** One thing in the transcript of a call. */
export type TranscriptLine =
  | {
      readonly kind: "speech";
      readonly key: string;
      readonly speaker: "caller" | "agent" | "carrier";
      readonly text: string;
      /** What the caller did not hear, the end of `text`. */
      readonly cut: string;
      /** Said, and not understood by the agent yet. */
      readonly pending: boolean;
    }
  | {
      readonly kind: "payment";
      readonly key: string;
      readonly code: string;
      readonly spoken: string;
    }
  | { readonly kind: "note"; readonly key: string; readonly text: string };

type Speech = Extract<TranscriptLine, { kind: "speech" }>;

interface Interruption {
  readonly text: string;
  readonly heardMs: number;
}

/** What was said in one call, from its events and from the telephone itself. */
export class Transcript {
  #lines: TranscriptLine[] = [];
  readonly #interruptions = new Map<string, Interruption>();
  readonly #audioMs = new Map<string, number>();
  #made = 0;

  get lines(): readonly TranscriptLine[] {
    return this.#lines;
  }

  /** The caller begins to say this. */
  callerSays(text: string): void {
    this.#add(speech(this.#key(), "caller", text, true));
  }

  /** The phone company's own voice says this. */
  carrierSays(text: string): void {
    this.#add(speech(this.#key(), "carrier", text, false));
  }

  note(text: string): void {
    this.#add({ kind: "note", key: this.#key(), text });
  }

  /** Takes in an event of this call. */
  apply(entry: FeedEntry): void {
    const { data } = entry;
    switch (entry.headers.ce_type) {
      case "media.transcript":
        this.#transcribe(data);
        break;
      case "media.turn":
        this.#measure(data);
        break;
      case "call.payment_prompt":
        this.#add({
          kind: "payment",
          key: this.#key(),
          code: maybeText(data, "ussd") ?? maybeText(data, "url") ?? "",
          spoken: textOf(data, "spoken"),
        });
        break;
      case "call.dtmf":
        this.note(`Pressed ${textOf(data, "digit")}`);
        break;
      case "call.opt_out":
        this.note(`Opted out by ${viaOf(data)}: no more calls to this number`);
        break;
      case "call.transfer":
        this.note(`Transferred to ${textOf(data, "to")}`);
        break;
      default:
        break;
    }
  }

  #transcribe(data: Fields): void {
    const itemId = textOf(data, "itemId");
    const text = textOf(data, "text");
    if (textOf(data, "role") === "user") {
      this.#understand(itemId, text);
      return;
    }
    if (!flagOf(data, "interrupted")) {
      this.#put(speech(itemId, "agent", text, false));
      return;
    }
    const heardMs = maybeNumber(data, "heardMs") ?? 0;
    this.#interruptions.set(itemId, { text, heardMs });
    this.#put(this.#cutSpeech(itemId, { text, heardMs }));
  }

  /** How long an item's audio was tells where its text was cut. */
  #measure(data: Fields): void {
    const itemId = textOf(data, "itemId");
    const audioMs = maybeNumber(data, "audioMs");
    if (audioMs === undefined) return;
    this.#audioMs.set(itemId, audioMs);
    const interruption = this.#interruptions.get(itemId);
    if (interruption === undefined) return;
    this.#put(this.#cutSpeech(itemId, interruption));
  }

  #cutSpeech(itemId: string, { text, heardMs }: Interruption): Speech {
    const guessMs = Math.max(text.length * MS_PER_LETTER, heardMs + 1);
    const audioMs = this.#audioMs.get(itemId) ?? guessMs;
    const cut = text.slice(heardLength(text, heardMs / audioMs));
    return { ...speech(itemId, "agent", text, false), cut };
  }

  /** The agent's words for what the caller said, where it was typed before. */
  #understand(itemId: string, text: string): void {
    const line = speech(itemId, "caller", text, false);
    const at = this.#lines.findIndex(isPending);
    if (at < 0) this.#put(line);
    else this.#lines = this.#lines.with(at, line);
  }

  #put(line: Speech): void {
    const at = this.#lines.findIndex(({ key }) => key === line.key);
    if (at >= 0) this.#lines = this.#lines.with(at, line);
    else this.#lines = this.#lines.toSpliced(this.#place(), 0, line);
  }

  /**
   * Before what the caller is still saying: the agent's words become known
   * when they have been heard or cut, which the caller's next ones do.
   */
  #place(): number {
    const last = this.#lines.findLastIndex((l) => !isPending(l));
    return last + 1;
  }

  #add(line: TranscriptLine): void {
    this.#lines = [...this.#lines, line];
  }

  #key(): string {
    this.#made += 1;
    return `line-${this.#made}`;
  }
}

/**
 * How much of a text was heard when that part of its sound was: whole words,
 * none that was only begun.
 */
export function heardLength(text: string, part: number): number {
  if (part >= 1) return text.length;
  const length = Math.max(0, Math.floor(text.length * part));
  const atWordEnd = length > 0 && /\s/.test(text.charAt(length));
  return atWordEnd ? length : text.slice(0, length).search(/\S+$|$/);
}

function isPending(line: TranscriptLine): boolean {
  return line.kind === "speech" && line.pending;
}

function speech(
  key: string,
  speaker: Speech["speaker"],
  text: string,
  pending: boolean,
): Speech {
  return { kind: "speech", key, speaker, text, cut: "", pending };
}

function viaOf(data: Fields): string {
  switch (maybeText(data, "via")) {
    case "dtmf":
      return "a key";
    case "tool":
      return "the agent’s tool";
    default:
      return `saying “${maybeText(data, "phrase") ?? "stop"}”`;
  }
}
