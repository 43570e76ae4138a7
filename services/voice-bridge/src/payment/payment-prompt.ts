import type { Language } from "../call/call-state.js";

/** What agent-core's collect-payment gave, and how far its telling is. */
export interface PaymentPrompt {
  readonly paymentId: string;
  readonly method: "momo_ussd" | "payment_link" | "manual";
  readonly region: string;
  readonly amount: number;
  readonly currency: string;
  readonly ussd: string | undefined;
  readonly url: string | undefined;
  readonly language: Language;
  /** What the caller is told, word by word. */
  readonly spoken: string;
  /** How often it was said for the digits' sake; not counting the caller's own `*`. */
  attempts: number;
}

/** A code that was misread this often is not read again: it goes on by WhatsApp. */
export const MAX_READINGS = 3;
