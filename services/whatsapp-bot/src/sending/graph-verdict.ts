/** What an answer of the Graph API means for the message. */
export type Verdict = "retry" | "opted_out" | "refused";

const STOPPED_MARKETING = 131_050;

/**
 * Codes after which the same request may succeed later: throughput (130429, 4, 80007), too much to one person (131056),
 * Meta's own trouble (1, 2, 131000, 131016, 131057).
 * Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
 */
const PASSING: ReadonlySet<number> = new Set([
  1, 2, 4, 80_007, 130_429, 131_000, 131_016, 131_056, 131_057,
]);

/** What to do about an answer that is not a success. Pure. */
export function verdictOf(answer: {
  status: number;
  code: number | undefined;
}): Verdict {
  if (answer.code === STOPPED_MARKETING) return "opted_out";
  if (answer.code !== undefined && PASSING.has(answer.code)) return "retry";
  return answer.status === 429 || answer.status >= 500 ? "retry" : "refused";
}

const SECOND_MS = 1_000;

/**
 * The waits between attempts: 4^n seconds, as Meta asks for after 131056.
 * Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes (131056)
 */
const delaysMs: readonly number[] = [0, 1, 2, 3, 4, 5, 6].map(
  (n) => 4 ** n * SECOND_MS,
);
const IN_PLACE = 3;

/** The first of them are waited for where the message is, so that what follows to the same person comes after it. */
export const inPlaceDelaysMs = delaysMs.slice(0, IN_PLACE);

/** The others are spent on the retry topic. */
export const retryDelaysMs = delaysMs.slice(IN_PLACE);
