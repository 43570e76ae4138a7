import { z } from "zod";
import type { ReceivedRecord } from "../bus/bus.js";
import { MalformedRecordError } from "../errors.js";

/** Where a record stands between its first attempt and the dead letters. */
export interface RetryState {
  /** The topic that it was first on. */
  readonly originTopic: string;
  /** The group that failed; others on the same topic have handled it, or will by themselves. */
  readonly group: string;
  /** Attempts that were made. */
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly notBeforeMs: number;
  /** When it was postponed for the first time, epoch milliseconds. */
  readonly sinceMs?: number;
}

const MAX_ERROR_LENGTH = 1_024;

const headers = z.object({
  "x-origin-topic": z.string().min(1),
  "x-group": z.string().min(1).optional(),
  "x-attempt": z.coerce.number().int().min(0),
  "x-not-before": z.iso.datetime({ offset: true }),
  "x-since": z.iso.datetime({ offset: true }).optional().catch(undefined),
});

/**
 * Reads the headers of a record on the retry topic; undefined when it is another group's. One that names no group, put there
 * from outside, is for everyone who reads the topic that it was first on. Throws MalformedRecordError.
 */
export function retryStateOf(
  record: ReceivedRecord,
  reader: { readonly group: string; readonly topics: readonly string[] },
): RetryState | undefined {
  const parsed = headers.safeParse(record.headers);
  if (!parsed.success) {
    const names = parsed.error.issues.map(({ path }) => path.join("."));
    throw new MalformedRecordError("missing_attribute", names.join(", "));
  }
  const { "x-origin-topic": originTopic, "x-since": since } = parsed.data;
  const { group } = reader;
  const isOwn =
    parsed.data["x-group"] === undefined
      ? reader.topics.includes(originTopic)
      : parsed.data["x-group"] === group;
  if (!isOwn) return undefined;
  return {
    ...(since === undefined ? {} : { sinceMs: Date.parse(since) }),
    originTopic,
    group,
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
    ...(state.sinceMs === undefined
      ? {}
      : { "x-since": new Date(state.sinceMs).toISOString() }),
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

/**
 * When to look again at an event that was not tried because what it needs is away: later and later, for as long as all
 * attempts together would take; undefined when that time is over.
 */
export function postponedMs(
  ageMs: number,
  retryDelaysMs: readonly number[],
): number | undefined {
  const patienceMs = retryDelaysMs.reduce((sum, delayMs) => sum + delayMs, 0);
  if (ageMs >= patienceMs) return undefined;
  const shortestMs = Math.min(...retryDelaysMs);
  const longestMs = Math.max(...retryDelaysMs);
  return Math.min(Math.max(ageMs / 2, shortestMs), longestMs);
}

function isPermanent(error: unknown): boolean {
  return (
    error instanceof Error && "retryable" in error && error.retryable === false
  );
}
