import type { Draft } from "./draft.js";
import { agentName } from "./draft.js";
import type { EffectOf } from "./effects.js";

const WINDOW_MS = 24 * 3_600_000;

/**
 * Whether something may be written to the person who did not just write: they did not refuse it, they wrote within 24 hours
 * or the agent has a template, and there is a number to write from and one to write to. Pure.
 */
export function mayWrite({ state, situation }: Draft): boolean {
  const { names, optedOut, optIn, whatsapp } = state;
  const isOpen =
    whatsapp !== undefined &&
    Date.parse(whatsapp.wroteAt) + WINDOW_MS > situation.nowMs;
  return (
    optedOut === undefined &&
    optIn !== false &&
    situation.hasWhatsApp &&
    (names.phone ?? names.userId) !== undefined &&
    (isOpen || situation.agent?.whatsapp?.template !== undefined)
  );
}

type Message = Pick<
  EffectOf<"send_whatsapp">,
  "purpose" | "text" | "dedupeKey" | "callId" | "inReplyTo"
>;

/** Says something on WhatsApp, so that every channel knows of it. */
export function write(draft: Draft, message: Message, eventId?: string): void {
  const at = new Date(draft.situation.nowMs).toISOString();
  draft.line("assistant", message.text, "whatsapp", at);
  draft.emit(
    { kind: "send_whatsapp", ...message, agent: agentName(draft), at },
    message.dedupeKey,
    eventId,
  );
}
