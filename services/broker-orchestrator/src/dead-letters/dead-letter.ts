import type { ReceivedRecord } from "@easymo/messaging";

/** A record that a consumer gave up on. */
export interface DeadLetter {
  /** Partition and offset on the dead-letter topic: `1-42`. */
  readonly id: string;
  /** When it was given up; epoch milliseconds. */
  readonly failedAtMs: number;
  /** The topic that it was first on; undefined when its headers do not say. */
  readonly originTopic: string | undefined;
  /** The consumer group that failed. */
  readonly group: string | undefined;
  readonly attempts: number;
  /** Why, in a word: the error's own code, or its name. */
  readonly reason: string;
  /** Why, as the consumer said it. */
  readonly error: string;
  readonly eventId: string | undefined;
  readonly eventType: string | undefined;
  readonly eventTime: string | undefined;
  readonly tenantId: string | undefined;
  readonly key: string;
  readonly bytes: number;
  /** Only the beginning of the value was kept, because no topic takes all of it. */
  readonly shortened: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

/** Which dead letters are meant; what is left out does not matter. */
export interface DeadLetterFilter {
  /** Their own, or their events'. */
  readonly ids?: readonly string[];
  /** The topic that it was first on. */
  readonly topic?: string;
  readonly type?: string;
  readonly tenant?: string;
  readonly group?: string;
  /** The reason itself, or a part of the error, in any case. */
  readonly reason?: string;
  /** Given up then or later; epoch milliseconds. */
  readonly sinceMs?: number;
}

/** A record of the dead-letter topic, read by its headers alone: its value may be anything. Pure. */
export function deadLetterOf(record: ReceivedRecord): DeadLetter {
  const { headers, key, value, partition, offset, timestampMs } = record;
  const error = headers["x-error"] ?? "";
  return {
    id: `${partition}-${offset}`,
    failedAtMs: timestampMs,
    originTopic: headers["x-origin-topic"],
    group: headers["x-group"],
    attempts: Number(headers["x-attempt"]) || 0,
    reason: reasonOf(error),
    error,
    eventId: headers.ce_id,
    eventType: headers.ce_type,
    eventTime: headers.ce_time,
    tenantId: headers.ce_tenantid,
    key,
    bytes: value.length,
    shortened: headers["x-value-bytes"] !== undefined,
    headers,
  };
}

/**
 * The reason in a word. Errors are written `Name: message`; those of ours begin their message with a code, and those of
 * unreadable records have it in brackets. Pure.
 */
export function reasonOf(error: string): string {
  const [, malformed] =
    /^MalformedRecordError: [^(:]*\((\w+)\)/.exec(error) ?? [];
  const [, code] = /^\w+: ([a-z][a-z0-9_]+):/.exec(error) ?? [];
  const [name] = /^\w+/.exec(error) ?? [];
  return malformed ?? code ?? name ?? "unknown";
}

/** Whether somebody who says this id means the dead letter: by its own, or by its event's. Pure. */
export function isCalled(letter: DeadLetter, id: string): boolean {
  return letter.id === id || letter.eventId === id;
}

/** Whether a dead letter is meant. Pure. */
export function isMeant(letter: DeadLetter, filter: DeadLetterFilter): boolean {
  const { ids, topic, type, tenant, group, reason, sinceMs } = filter;
  const wanted = reason?.toLowerCase();
  return (
    (ids === undefined || ids.some((id) => isCalled(letter, id))) &&
    (topic === undefined || letter.originTopic === topic) &&
    (type === undefined || letter.eventType === type) &&
    (tenant === undefined || letter.tenantId === tenant) &&
    (group === undefined || letter.group === group) &&
    (sinceMs === undefined || letter.failedAtMs >= sinceMs) &&
    (wanted === undefined ||
      letter.reason.toLowerCase() === wanted ||
      letter.error.toLowerCase().includes(wanted))
  );
}
