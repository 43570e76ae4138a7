/** What is known of a message that came in. */
export interface Incoming {
  readonly kind: string;
  readonly isGroup: boolean;
  /** The words of a voice note that was received before. */
  readonly isRepeat: boolean;
  /** It asks for no more messages, or for messages again: its confirmation comes at once. */
  readonly isConsent: boolean;
  /** Nothing will be answered. */
  readonly optedOut: boolean;
}

export type Receipt = "none" | "read" | "read_and_typing";

/** Kinds that are no question. */
const unanswered: ReadonlySet<string> = new Set([
  "reaction",
  "edit",
  "revoke",
  "unsupported",
  "unknown",
]);

/**
 * What the sender is shown. Typing only when an answer comes, as Meta asks for; it goes with the answer, or after 25 s.
 * Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/typing-indicators. Pure.
 */
export function receiptFor(incoming: Incoming): Receipt {
  const { kind, isGroup, isRepeat, isConsent, optedOut } = incoming;
  if (kind === "system" || isGroup || isRepeat) return "none";
  if (isConsent) return "read";
  if (optedOut) return "none";
  return unanswered.has(kind) ? "read" : "read_and_typing";
}
