/** What people want of an agent, besides being left alone. */
export const intentNames = [
  "pay",
  "price",
  "order",
  "help",
  "human",
  "call",
] as const;
export type IntentName = (typeof intentNames)[number];

export const intentLanguages = ["en", "fr", "rw", "sw"] as const;
export type IntentLanguage = (typeof intentLanguages)[number];

/** What an intent is about, as far as it was said. */
export interface Slots {
  readonly item?: string;
  /** Integer in the currency's minor unit as the words had it: 5000 of "5,000 francs". */
  readonly amount?: number;
  readonly place?: string;
}

export interface Intent {
  readonly name: IntentName;
  /** From 0 to 1. */
  readonly confidence: number;
  readonly language: IntentLanguage;
  readonly slots: Slots;
}
