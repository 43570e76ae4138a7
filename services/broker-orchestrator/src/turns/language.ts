import {
  intentLanguages,
  languageOfText,
  type IntentLanguage,
} from "@easymo/intent-rules";
import type { TurnRequest } from "./turn-model.js";

/** The language that a person is answered in: the one that they write in, else the one that is known of them, else the agent's first. Pure. */
export function languageOfTurn(turn: TurnRequest): IntentLanguage {
  const said = turn.history
    .filter(({ role }) => role === "user")
    .map(({ text }) => text);
  const written = [turn.text, ...said.reverse().slice(0, 3)];
  for (const text of written) {
    const language = languageOfText(text);
    if (language !== undefined) return language;
  }
  const tags = [turn.contact.language, ...turn.agent.languages];
  for (const tag of tags) {
    const language = knownLanguage(tag);
    if (language !== undefined) return language;
  }
  return "en";
}

function knownLanguage(tag: string | undefined): IntentLanguage | undefined {
  const primary = tag?.toLowerCase().split(/[-_]/, 1)[0];
  return intentLanguages.find((language) => language === primary);
}
