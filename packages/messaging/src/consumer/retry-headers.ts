import { z } from "zod";
import type { ReceivedRecord } from "../bus/bus.js";
import { MalformedRecordError } from "../errors.js";

/** Where a record stands between its first attempt and the dead letters. */
export interface RetryState {
  readonly originTopic: string;
  /** The group that failed; others on the same topic have handled it, or will by themselves. */
  readonly group: string;
  /** Attempts that were made. */
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly notBeforeMs: number;
}

const MAX_ERROR_LENGTH = 1_024;

const headers = z.object({
  "x-origin-topic": z.string().min(1),
  "x-group": z.string().min(1),
  "x-attempt": z.coerce.number().int().min(1),
  "x-not-before": z.iso.datetime({ offset: true }),
});

/** Reads the headers of a record on the retry topic. Throws MalformedRecordError. */
export function retryStateOf(record: ReceivedRecord): RetryState {
  const parsed = headers.safeParse(record.headers);
  if (!parsed.success) {
    const names = parsed.error.issues.map(({ path }) => path.join("."));
    throw new MalformedRecordError("missing_attribute", names.join(", "));
  }
  return {
    originTopic: parsed.data["x-origin-topic"],
    group: parsed.data["x-group"],
    attempts: parsed.data["x-attempt"],
    notBeforeMs: Date.parse(parsed.data["x-not-before"]),
  };
}

/** The headers that a record gets on its way to another attempt, or to the dead letters. */
export function retryHeaders(
  record: ReceivedRecord,
  state: RetryState,
  error: unknown,
): Record<string, string> {
  return {
    ...record.headers,
    "x-origin-topic": state.originTopic,
    "x-group": state.group,
    "x-attempt": String(state.attempts),
    "x-not-before": new Date(state.notBeforeMs).toISOString(),
    "x-error": describe(error),
  };
}

function describe(error: unknown): string {
  const text =
    error instanceof Error
      ? `${error.name}: ${error.message}`
      : "unknown error";
  return text.slice(0, MAX_ERROR_LENGTH);
}

/** What follows a failed attempt. */
export type NextStep =
  | { readonly step: "retry"; readonly delayMs: number }
  | { readonly step: "dead_letter" };

/** Another attempt after its delay, as long as there is one and the error does not say that it is of no use. */
export function nextStep(
  attempt: number,
  retryDelaysMs: readonly number[],
  error: unknown,
): NextStep {
  const delayMs = retryDelaysMs[attempt - 1];
  return delayMs === undefined || isPermanent(error)
    ? { step: "dead_letter" }
    : { step: "retry", delayMs };
}

function isPermanent(error: unknown): boolean {
  return (
    error instanceof Error && "retryable" in error && error.retryable === false
  );
}
