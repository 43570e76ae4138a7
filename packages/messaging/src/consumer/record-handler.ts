import type { Logger } from "pino";
import type { ReceivedRecord } from "../bus/bus.js";
import type { Clock } from "../clock.js";
import { MalformedRecordError } from "../errors.js";
import { decodeEvent } from "../events/cloud-events.js";
import type { EasymoEvent } from "../events/event.js";
import type { BusMetrics } from "../metrics.js";
import type { ConsumerOptions } from "./event-consumer.js";
import { FailedRecords } from "./failed-records.js";
import { handleOnce } from "./handle-once.js";
import { nextStep, type RetryState } from "./retry-headers.js";

const SECOND_MS = 1_000;
const DEFAULT_RETRY_DELAYS_MS = [
  SECOND_MS,
  5 * SECOND_MS,
  30 * SECOND_MS,
  120 * SECOND_MS,
  600 * SECOND_MS,
];
const DEFAULT_LEASE_MS = 15_000;
const DEFAULT_HANDLED_TTL_MS = 7 * 24 * 3_600_000;

/** What came of one record. */
export type HandledOutcome =
  /** Its offset may be committed: it was handled, was handled before, or is in another topic now. */
  | "done"
  /** It was left for whoever gets it next. */
  | "abandoned"
  | { readonly againAfterMs: number };

/** Takes one record through decoding, deduplication, the handler, and what follows a failure. */
export class RecordHandler {
  readonly #options: ConsumerOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: BusMetrics;
  readonly #failed: FailedRecords;
  readonly #retryDelaysMs: readonly number[];

  constructor(
    options: ConsumerOptions,
    deps: { clock: Clock; logger: Logger; metrics: BusMetrics },
  ) {
    this.#options = options;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#metrics = deps.metrics;
    this.#failed = new FailedRecords(options.bus, deps.clock, deps.metrics);
    this.#retryDelaysMs = options.retryDelaysMs ?? DEFAULT_RETRY_DELAYS_MS;
  }

  async handle(
    record: ReceivedRecord,
    state: RetryState,
    signal: AbortSignal,
  ): Promise<HandledOutcome> {
    let event: EasymoEvent;
    try {
      event = decodeEvent(record);
    } catch (error) {
      if (!(error instanceof MalformedRecordError)) throw error;
      return this.#deadLetter(record, state, error, signal);
    }
    const { group, handled: store, leaseMs = DEFAULT_LEASE_MS } = this.#options;
    const result = await handleOnce(
      () => this.#run(event, record, state, signal),
      {
        store,
        key: `handled:${group}:${event.type}:${event.id}`,
        leaseMs,
        ttlMs: this.#options.handledTtlMs ?? DEFAULT_HANDLED_TTL_MS,
        clock: this.#clock,
      },
    );
    switch (result.outcome) {
      case "handled":
        return this.#done(state, "ok");
      case "duplicate":
        return this.#done(state, "duplicate");
      case "later":
        return { againAfterMs: result.afterMs };
      case "failed": {
        const outcome = signal.aborted
          ? "abandoned"
          : await this.#failedAttempt(
              record,
              event,
              state,
              result.error,
              signal,
            );
        await result.release();
        return outcome;
      }
    }
  }

  /** A record of the retry topic that does not say where it came from. */
  deadLetterPoison(
    record: ReceivedRecord,
    error: MalformedRecordError,
    signal: AbortSignal,
  ): Promise<HandledOutcome> {
    const state = {
      originTopic: record.topic,
      group: this.#options.group,
      attempts: 0,
      notBeforeMs: 0,
    };
    return this.#deadLetter(record, state, error, signal);
  }

  async #run(
    event: EasymoEvent,
    record: ReceivedRecord,
    state: RetryState,
    signal: AbortSignal,
  ): Promise<void> {
    const startedMs = this.#clock.monotonicMs();
    const topic = state.originTopic;
    try {
      const attempt = state.attempts + 1;
      await this.#options.handler(event, { record, topic, attempt, signal });
    } finally {
      const seconds = (this.#clock.monotonicMs() - startedMs) / SECOND_MS;
      this.#metrics.handleSeconds.observe({ topic }, seconds);
    }
  }

  async #failedAttempt(
    record: ReceivedRecord,
    event: EasymoEvent,
    state: RetryState,
    error: unknown,
    signal: AbortSignal,
  ): Promise<HandledOutcome> {
    const attempt = state.attempts + 1;
    const next = nextStep(attempt, this.#retryDelaysMs, error);
    this.#logger.warn(
      {
        err: error,
        eventId: event.id,
        eventType: event.type,
        requestId: event.requestId,
        tenantId: event.tenantId,
        attempt,
        next: next.step,
      },
      "an event was not handled",
    );
    if (next.step === "dead_letter") {
      return this.#deadLetter(record, state, error, signal);
    }
    const notBeforeMs = this.#clock.now() + next.delayMs;
    const again = { ...state, attempts: attempt, notBeforeMs };
    const moved = await this.#failed.retry(record, again, error, signal);
    return moved ? this.#done(state, "retried") : "abandoned";
  }

  async #deadLetter(
    record: ReceivedRecord,
    state: RetryState,
    error: unknown,
    signal: AbortSignal,
  ): Promise<HandledOutcome> {
    const last = {
      ...state,
      attempts: state.attempts + 1,
      notBeforeMs: this.#clock.now(),
    };
    const moved = await this.#failed.deadLetter(record, last, error, signal);
    if (!moved) return "abandoned";
    const { topic, partition, offset } = record;
    this.#logger.error(
      { err: error, topic, partition, offset },
      "a record went to the dead letters",
    );
    return this.#done(state, "dead_letter");
  }

  #done(
    { originTopic: topic }: RetryState,
    outcome: "ok" | "duplicate" | "retried" | "dead_letter",
  ): "done" {
    this.#metrics.handled.inc({ topic, outcome });
    return "done";
  }
}
