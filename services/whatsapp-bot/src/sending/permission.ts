/** What is known about whether a message may be sent. */
export interface Situation {
  readonly purpose: string;
  readonly kind: string;
  readonly optedOut: boolean;
  readonly windowOpen: boolean;
  readonly hasTemplate: boolean;
}

/** What happens to a message. */
export type Permission =
  | { readonly step: "send" }
  | { readonly step: "send_template" }
  /** Nothing is sent, and nobody needs to know but the metrics. */
  | { readonly step: "drop"; readonly outcome: "opted_out" | "unconfirmed" }
  | { readonly step: "refuse" };

/**
 * Whether a message may be sent: nothing but the confirmation goes to someone who opted out, and nothing but a template to
 * someone who has not written for 24 hours. Pure.
 */
export function permissionFor(situation: Situation): Permission {
  const { purpose, kind, optedOut, windowOpen, hasTemplate } = situation;
  if (purpose === "opt_out_confirmation")
    // A template would be one more message that they did not want.
    return windowOpen
      ? { step: "send" }
      : { step: "drop", outcome: "unconfirmed" };
  if (optedOut) return { step: "drop", outcome: "opted_out" };
  if (windowOpen || kind === "template") return { step: "send" };
  return hasTemplate ? { step: "send_template" } : { step: "refuse" };
}
