import { delay, type Clock } from "../clock.js";
import type { Bus, BusRecord, ReceivedRecord } from "../bus/bus.js";
import { PublishError } from "../errors.js";
import type { BusMetrics } from "../metrics.js";
import { topicNames } from "../topics/catalogue.generated.js";
import { retryHeaders, type RetryState } from "./retry-headers.js";

const PUBLISH_PAUSE_MS = 500;

/** Moves records that were not handled to the retry topic or to the dead letters. */
export class FailedRecords {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #metrics: BusMetrics;

  constructor(bus: Bus, clock: Clock, metrics: BusMetrics) {
    this.#bus = bus;
    this.#clock = clock;
    this.#metrics = metrics;
  }

  /** True when it is there; false when the signal came first. */
  async retry(
    record: ReceivedRecord,
    state: RetryState,
    error: unknown,
    signal: AbortSignal,
  ): Promise<boolean> {
    const moved = await this.#move(
      topicNames.brokerRetry,
      record,
      retryHeaders(record, state, error),
      signal,
    );
    if (moved) this.#metrics.retries.inc({ topic: state.originTopic });
    return moved;
  }

  /** True when it is there; false when the signal came first. */
  async deadLetter(
    record: ReceivedRecord,
    state: RetryState,
    error: unknown,
    signal: AbortSignal,
  ): Promise<boolean> {
    const moved = await this.#move(
      topicNames.brokerDlq,
      record,
      retryHeaders(record, state, error),
      signal,
    );
    if (moved) this.#metrics.deadLetters.inc({ topic: state.originTopic });
    return moved;
  }

  /** Tries until the record is where it belongs: only then may its offset be committed. */
  async #move(
    topic: string,
    { key, value }: ReceivedRecord,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<boolean> {
    let record: BusRecord = { topic, key, value, headers };
    while (!signal.aborted) {
      try {
        await this.#bus.publish([record], { signal });
        return true;
      } catch (error) {
        const code = error instanceof PublishError ? error.code : undefined;
        if (code === "bus_closed") return false;
        if (code === "record_too_large" && record.value.length > 0) {
          // What no topic takes would hold up everything behind it.
          record = shortened(record, value.length);
          continue;
        }
        await delay(this.#clock, PUBLISH_PAUSE_MS, signal);
      }
    }
    return false;
  }
}

const SHORTENED_BYTES = 64 * 1_024;
const SHORTENED_HEADER = 4 * 1_024;

/** The beginning of a record that is larger than what topics take, saying how large its value was. */
function shortened(
  { topic, key, value, headers }: BusRecord,
  bytes: number,
): BusRecord {
  const isShort = value.length <= SHORTENED_BYTES;
  const short = Object.entries(headers).map(
    ([name, text]): [string, string] => [name, text.slice(0, SHORTENED_HEADER)],
  );
  return {
    topic,
    key: key.slice(0, SHORTENED_HEADER),
    value: value.subarray(0, isShort ? 0 : SHORTENED_BYTES),
    headers: { ...Object.fromEntries(short), "x-value-bytes": String(bytes) },
  };
}
