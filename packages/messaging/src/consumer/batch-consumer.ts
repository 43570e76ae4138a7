import type { Logger } from "pino";
import type { PartitionLag } from "../bus/bus.js";
import { hostClock, type Clock } from "../clock.js";
import type { MalformedRecordError } from "../errors.js";
import { decodeEvent } from "../events/cloud-events.js";
import type { EasymoEvent } from "../events/event.js";
import { busMetrics, type BusMetrics } from "../metrics.js";
import type { ConsumerOptions } from "./event-consumer.js";
import { FailedRecords } from "./failed-records.js";
import { GroupIntake, type Received } from "./group-intake.js";
import { nextStep, postponedMs, type RetryState } from "./retry-headers.js";
import { within } from "./within.js";

const MIB = 1_024 * 1_024;
const DEFAULT_MAX_RECORDS = 2_048;
const DEFAULT_STOP_TIMEOUT_MS = 20_000;
const ABORTED_GRACE_MS = 1_000;
const SECOND_MS = 1_000;

/** An event on its way, to be settled once: by `done` or by `fail`. Until then its offset is not committed. */
export interface TakenEvent {
  readonly event: EasymoEvent;
  /** The topic that the event was first on. */
  readonly topic: string;
  /** 1 the first time; one more for each time that the record went through the retry topic. */
  readonly attempt: number;
  /** Aborted when the partition has gone to another member, or the consumer's stop ran out of patience. */
  readonly signal: AbortSignal;
  done(outcome?: "ok" | "duplicate"): void;
  /** What `fail` would do with this error. */
  next(error: unknown, failure?: Failure): "retry" | "dead_letter";
  /** Hands the record to the retry topic or to the dead letters, as `next` says; resolves when it is there. */
  fail(error: unknown, failure?: Failure): Promise<void>;
}

/** What kind of failure it was. */
export interface Failure {
  /**
   * Nothing was tried, because what the event needs is known to be away: it is postponed without counting an attempt, for as
   * long as all attempts together would take.
   */
  readonly untried?: boolean;
}

export interface BatchConsumerOptions extends Omit<
  ConsumerOptions,
  "handler" | "handled" | "handledTtlMs" | "leaseMs" | "concurrency"
> {
  readonly retryDelaysMs: readonly number[];
  /** Takes events, in order by partition, and returns at once: they are settled one by one. */
  onEvents(taken: readonly TakenEvent[]): void;
  /** Throws when an event is not for this consumer at all: it goes to the dead letters at once, with the error. */
  check?(event: EasymoEvent): void;
  /** Events of one partition that are not settled; with so many, reading it waits. Default: 2,048. */
  readonly maxRecords?: number;
  /** Their bytes. Default: 16 MiB. */
  readonly maxBytes?: number;
}

/** A running consumer group member that is handed events in batches. */
export interface BatchConsumer {
  /** Begins; does not wait for the brokers. */
  start(): Promise<void>;
  joined(): Promise<void>;
  /** Takes nothing new; what was handed over goes on. */
  pause(): void;
  resume(): void;
  /** Takes nothing new, waits for what was handed over to be settled, commits, leaves the group. */
  stop(): Promise<void>;
  lag(): Promise<readonly PartitionLag[]>;
}

/** See `createBatchConsumer`. */
export class GroupBatchConsumer implements BatchConsumer {
  readonly #options: BatchConsumerOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: BusMetrics;
  readonly #intake: GroupIntake;
  readonly #failed: FailedRecords;
  readonly #open = new Set<Taken>();
  readonly #settling: Settling;
  readonly #counters = new Map<string, { inc(): void }>();
  readonly #histograms = new Map<string, { observe(seconds: number): void }>();
  #taken: Taken[] = [];
  #onIdle: (() => void)[] = [];
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: BatchConsumerOptions) {
    const { bus, group, topics, fromBeginning = true } = options;
    this.#options = options;
    this.#clock = options.clock ?? hostClock;
    this.#logger = options.logger.child({ group });
    this.#metrics = busMetrics(options.metrics);
    this.#failed = new FailedRecords(bus, this.#clock, this.#metrics);
    this.#settling = {
      startedMs: () => this.#clock.monotonicMs(),
      done: (taken, outcome) => this.#settled(taken, outcome),
      next: (taken, error, failure) => this.#next(taken, error, failure).step,
      fail: (taken, error, failure) => this.#fail(taken, error, failure),
    };
    this.#intake = new GroupIntake({
      clock: this.#clock,
      logger: this.#logger,
      metrics: this.#metrics,
      bus,
      group,
      topics,
      fromBeginning,
      limits: {
        maxRecords: options.maxRecords ?? DEFAULT_MAX_RECORDS,
        maxBytes: options.maxBytes ?? 16 * MIB,
      },
      onReady: (received, state) => this.#take(received, state),
      onPoison: (received, error) => this.#poison(received, error),
      onBatchEnd: () => this.#handOver(),
    });
  }

  start(): Promise<void> {
    this.#starting ??= this.#intake.start();
    return this.#starting;
  }

  async joined(): Promise<void> {
    await this.#starting;
    await this.#intake.joined();
  }

  pause(): void {
    this.#intake.pause();
  }

  resume(): void {
    if (this.#stopping === undefined) this.#intake.resume();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  lag(): Promise<readonly PartitionLag[]> {
    return this.#intake.lag();
  }

  async #stop(): Promise<void> {
    await this.#starting;
    this.#intake.pause();
    this.#intake.cancelWaiting();
    const timeoutMs = this.#options.stopTimeoutMs ?? DEFAULT_STOP_TIMEOUT_MS;
    if (!(await within(this.#clock, this.#idle(), timeoutMs))) {
      this.#logger.warn("events took too long to be settled; letting go");
      this.#intake.abort();
      await within(this.#clock, this.#idle(), ABORTED_GRACE_MS);
    }
    await this.#intake.end();
  }

  #idle(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  #take(received: Received, state: RetryState): void {
    let event: EasymoEvent;
    try {
      event = decodeEvent(received.record);
      this.#options.check?.(event);
    } catch (error) {
      this.#deadLetter(received, state, error);
      return;
    }
    const taken = new Taken(this.#settling, event, received, state);
    this.#open.add(taken);
    this.#taken.push(taken);
  }

  #handOver(): void {
    if (this.#taken.length === 0) return;
    const taken = this.#taken;
    this.#taken = [];
    this.#options.onEvents(taken);
  }

  #settled(taken: Taken, outcome: Settled): void {
    if (!this.#open.delete(taken)) return;
    const { topic, startedMs } = taken;
    this.#counterOf(topic, outcome).inc();
    const seconds = (this.#clock.monotonicMs() - startedMs) / SECOND_MS;
    this.#histogramOf(topic).observe(seconds);
    this.#intake.finish(taken.received);
    this.#checkIdle();
  }

  /** One for each topic and outcome, looked up once. */
  #counterOf(topic: string, outcome: Settled): { inc(): void } {
    const name = `${topic}\n${outcome}`;
    const known = this.#counters.get(name);
    if (known !== undefined) return known;
    const made = this.#metrics.handled.labels({ topic, outcome });
    this.#counters.set(name, made);
    return made;
  }

  #histogramOf(topic: string): { observe(seconds: number): void } {
    const known = this.#histograms.get(topic);
    if (known !== undefined) return known;
    const made = this.#metrics.handleSeconds.labels({ topic });
    this.#histograms.set(topic, made);
    return made;
  }

  #checkIdle(): void {
    if (this.#open.size > 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  #next(taken: Taken, error: unknown, failure: Failure): Next {
    const { retryDelaysMs } = this.#options;
    const { state, attempt } = taken;
    const nowMs = this.#clock.now();
    const sinceMs = state.sinceMs ?? nowMs;
    const waitMs =
      failure.untried === true
        ? postponedMs(nowMs - sinceMs, retryDelaysMs)
        : undefined;
    if (waitMs !== undefined) {
      // Spread, so that those who wait for the same do not come back together.
      const notBeforeMs = nowMs + waitMs * (0.75 + Math.random() / 2);
      return { step: "retry", state: { ...state, notBeforeMs, sinceMs } };
    }
    const next = nextStep(attempt, retryDelaysMs, error);
    const delayMs = next.step === "retry" ? next.delayMs : 0;
    const notBeforeMs = nowMs + delayMs;
    return {
      step: next.step,
      state: { ...state, attempts: attempt, notBeforeMs },
    };
  }

  async #fail(taken: Taken, error: unknown, failure: Failure): Promise<void> {
    const { attempt, event, signal } = taken;
    const next = this.#next(taken, error, failure);
    const again = next.state;
    const line = {
      err: error,
      eventId: event.id,
      eventType: event.type,
      requestId: event.requestId,
      tenantId: event.tenantId,
      attempt,
      next: next.step,
    };
    // Of what is postponed there may be thousands, and the breaker has said why.
    if (failure.untried === true && next.step === "retry")
      this.#logger.debug(line, "an event is postponed");
    else this.#logger.warn(line, "an event was not handled");
    const { record } = taken.received;
    const moved =
      next.step === "retry"
        ? await this.#failed.retry(record, again, error, signal)
        : await this.#failed.deadLetter(record, again, error, signal);
    if (moved) {
      this.#settled(taken, next.step === "retry" ? "retried" : "dead_letter");
    } else {
      // Left for whoever gets it next.
      this.#open.delete(taken);
      this.#checkIdle();
    }
  }

  #poison(received: Received, error: MalformedRecordError): void {
    const { topic: originTopic } = received.record;
    const { group } = this.#options;
    this.#deadLetter(
      received,
      { originTopic, group, attempts: 0, notBeforeMs: 0 },
      error,
    );
  }

  #deadLetter(received: Received, state: RetryState, error: unknown): void {
    const { record, partition } = received;
    const last = {
      ...state,
      attempts: state.attempts + 1,
      notBeforeMs: this.#clock.now(),
    };
    void this.#failed
      .deadLetter(record, last, error, partition.signal)
      .then((moved) => {
        if (!moved) return;
        const { topic, partition: number, offset } = record;
        this.#logger.error(
          { err: error, topic, partition: number, offset },
          "a record went to the dead letters",
        );
        const labels = { topic: state.originTopic, outcome: "dead_letter" };
        this.#metrics.handled.inc(labels);
        this.#intake.finish(received);
      });
  }
}

type Settled = "ok" | "duplicate" | "retried" | "dead_letter";

/** What follows a failure, and with what the record goes there. */
interface Next {
  readonly step: "retry" | "dead_letter";
  readonly state: RetryState;
}

/** How a consumer settles what it handed over. */
interface Settling {
  startedMs(): number;
  done(taken: Taken, outcome: Settled): void;
  next(taken: Taken, error: unknown, failure: Failure): "retry" | "dead_letter";
  fail(taken: Taken, error: unknown, failure: Failure): Promise<void>;
}

class Taken implements TakenEvent {
  readonly event: EasymoEvent;
  readonly received: Received;
  readonly state: RetryState;
  readonly startedMs: number;
  readonly #settling: Settling;

  constructor(
    settling: Settling,
    event: EasymoEvent,
    received: Received,
    state: RetryState,
  ) {
    this.#settling = settling;
    this.event = event;
    this.received = received;
    this.state = state;
    this.startedMs = settling.startedMs();
  }

  get topic(): string {
    return this.state.originTopic;
  }

  get attempt(): number {
    return this.state.attempts + 1;
  }

  get signal(): AbortSignal {
    return this.received.partition.signal;
  }

  done(outcome: "ok" | "duplicate" = "ok"): void {
    this.#settling.done(this, outcome);
  }

  next(error: unknown, failure: Failure = {}): "retry" | "dead_letter" {
    return this.#settling.next(this, error, failure);
  }

  fail(error: unknown, failure: Failure = {}): Promise<void> {
    return this.#settling.fail(this, error, failure);
  }
}

/**
 * A member of a consumer group that is handed events in batches and told of each when it is done with. What fails is tried
 * again through the retry topic and ends in the dead letters; what can't be read goes there at once. Offsets are committed
 * for the prefix that is settled. Starts nothing until `start`.
 */
export function createBatchConsumer(
  options: BatchConsumerOptions,
): BatchConsumer {
  return new GroupBatchConsumer(options);
}
