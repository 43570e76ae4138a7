import type { Agent } from "@easymo/routing";
import type { CallIdentity } from "../call/call-state.js";

const LANGUAGE_NAMES = new Intl.DisplayNames("en", { type: "language" });

/** What the model is told at the start of a session. */
export function instructionsFor(identity: CallIdentity): string {
  const { agent } = identity;
  return [
    agent.instructions,
    "",
    `You are on the telephone, ${identity.direction === "inbound" ? "answering a call" : "calling the person"}. Keep to this task; speak briefly, in short sentences, without lists or formatting.`,
    `Answer in the caller's language, one of: ${agent.languages.map(languageName).join(", ")}.`,
    ...toolAdvice(agent),
  ].join("\n");
}

function languageName(tag: string): string {
  return LANGUAGE_NAMES.of(tag) ?? tag;
}

const ADVICE: Partial<Record<Agent["tools"][number], string>> = {
  capture_intent:
    "When you know what the caller wants, call capture_intent once for it.",
  collect_payment:
    "When the caller wants to pay, call collect_payment; the code is then read to the caller for you. Never make up or read out a payment code yourself.",
  register_opt_out:
    "When the caller does not want to be contacted again, call register_opt_out at once.",
  warm_transfer:
    "When the caller asks for a person, or you can't help, call warm_transfer.",
  set_disposition: "When the call's matter is settled, call set_disposition.",
};

function toolAdvice(agent: Agent): string[] {
  return agent.tools.flatMap((tool) => ADVICE[tool] ?? []);
}
