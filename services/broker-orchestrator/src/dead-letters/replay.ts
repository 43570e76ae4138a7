import { topicNames, type BusRecord } from "@easymo/messaging";
import type { DeadLetter } from "./dead-letter.js";

const DAY_MS = 24 * 3_600_000;
/** Consumers remember for 7 days what they handled; a day is left for clocks and for slow retries. */
const REMEMBERED_MS = 6 * DAY_MS;

/** What a replay of a dead letter puts where, or why there is none. */
export type Replay =
  | { readonly record: BusRecord }
  | { readonly obstacle: "no_origin" | "value_shortened" };

/**
 * The record that has a dead letter handled again: on the topic that it was first on, with its key, its value and its
 * CloudEvents headers, and none of those that retrying added. Consumers that handled the event drop it by its id; the one
 * that failed gave its claim back and handles it.
 *
 * Once consumers may have forgotten what they handled, it goes to the retry topic instead, for the group that failed
 * alone. Pure.
 */
export function replayOf(
  letter: DeadLetter,
  value: Buffer,
  nowMs: number,
): Replay {
  const { originTopic, group, key, headers, shortened } = letter;
  const isOwnTopic =
    originTopic === topicNames.brokerRetry ||
    originTopic === topicNames.brokerDlq;
  if (originTopic === undefined || isOwnTopic) return { obstacle: "no_origin" };
  if (shortened) return { obstacle: "value_shortened" };
  const own = Object.fromEntries(
    Object.entries(headers).filter(([name]) => !name.startsWith("x-")),
  );
  if (group === undefined || nowMs - happenedAtMs(letter) < REMEMBERED_MS)
    return { record: { topic: originTopic, key, value, headers: own } };
  return {
    record: {
      topic: topicNames.brokerRetry,
      key,
      value,
      headers: {
        ...own,
        "x-origin-topic": originTopic,
        "x-group": group,
        "x-attempt": "1",
        "x-not-before": new Date(nowMs).toISOString(),
      },
    },
  };
}

/** When the others handled the event: about when it happened. */
function happenedAtMs({ eventTime, failedAtMs }: DeadLetter): number {
  const atMs = Date.parse(eventTime ?? "");
  return Number.isNaN(atMs) ? failedAtMs : Math.min(atMs, failedAtMs);
}
