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
    const record: BusRecord = { topic, key, value, headers };
    while (!signal.aborted) {
      try {
        await this.#bus.publish([record], { signal });
        return true;
      } catch (error) {
        const hopeless =
          error instanceof PublishError && error.code === "bus_closed";
        if (hopeless) return false;
        await delay(this.#clock, PUBLISH_PAUSE_MS, signal);
      }
    }
    return false;
  }
}
