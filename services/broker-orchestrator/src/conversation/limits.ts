/** How much of a conversation is kept, so that a million of them stay small. */
export const limits = {
  lines: 24,
  lineCharacters: 600,
  calls: 5,
  intents: 6,
  payments: 3,
  offers: 10,
  seen: 96,
  /** Effects that were given up and may be played again. */
  buried: 12,
} as const;
