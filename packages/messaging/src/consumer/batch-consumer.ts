import type { Logger } from "pino";
import { Bag } from "@easymo/bag";
import type { PartitionLag } from "../bus/bus.js";
import { hostClock, type Clock } from "../clock.js";
import type { MalformedRecordError } from "../errors.js";
import { decodeEvent } from "../events/cloud-events.js";
import type { EasymoEvent } from "../events/event.js";
import { busMetrics } from "../metrics.js";
import { afterFailure, type AfterFailure } from "./after-failure.js";
import type { ConsumerOptions } from "./event-consumer.js";
import { FailedRecords } from "./failed-records.js";
import { GroupIntake, type Received } from "./group-intake.js";
import { HandledMetrics } from "./handled-metrics.js";
import type { RetryState } from "./retry-headers.js";
import {
  Taken,
  type Failure,
  type Settled,
  type Settling,
  type TakenEvent,
} from "./taken-event.js";
import { within } from "./within.js";

const MIB = 1_024 * 1_024;
const DEFAULT_MAX_RECORDS = 2_048;
const DEFAULT_STOP_TIMEOUT_MS = 20_000;
const ABORTED_GRACE_MS = 1_000;

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
  readonly #intake: GroupIntake;
  readonly #failed: FailedRecords;
  readonly #open = new Bag<Taken>();
  readonly #settling: Settling;
  readonly #handled: HandledMetrics;
  #taken: Taken[] = [];
  #onIdle: (() => void)[] = [];
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: BatchConsumerOptions) {
    const { bus, group, topics, fromBeginning = true } = options;
    this.#options = options;
    this.#clock = options.clock ?? hostClock;
    this.#logger = options.logger.child({ group });
    const metrics = busMetrics(options.metrics);
    this.#handled = new HandledMetrics(metrics);
    this.#failed = new FailedRecords(bus, this.#clock, metrics);
    this.#settling = {
      startedMs: () => this.#clock.monotonicMs(),
      done: (taken, outcome) => this.#settled(taken, outcome),
      next: (taken, error, failure) => this.#next(taken, error, failure).step,
      fail: (taken, error, failure) => this.#fail(taken, error, failure),
    };
    this.#intake = new GroupIntake({
      clock: this.#clock,
      logger: this.#logger,
      metrics,
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
    taken.open = this.#open.add(taken);
    this.#taken.push(taken);
  }

  #handOver(): void {
    if (this.#taken.length === 0) return;
    const taken = this.#taken;
    this.#taken = [];
    this.#options.onEvents(taken);
  }

  #settled(taken: Taken, outcome: Settled): void {
    if (!this.#close(taken)) return;
    const { topic, startedMs } = taken;
    const tookMs = this.#clock.monotonicMs() - startedMs;
    this.#handled.settled(topic, outcome, tookMs);
    this.#intake.finish(taken.received);
    this.#checkIdle();
  }

  /** False: it was settled before. */
  #close(taken: Taken): boolean {
    const { open } = taken;
    if (open === undefined) return false;
    taken.open = undefined;
    this.#open.remove(open);
    return true;
  }

  #checkIdle(): void {
    if (this.#open.size > 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  #next(taken: Taken, error: unknown, failure: Failure): AfterFailure {
    return afterFailure(taken.state, error, failure, {
      retryDelaysMs: this.#options.retryDelaysMs,
      nowMs: this.#clock.now(),
      spread: Math.random(),
    });
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
      this.#close(taken);
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
        this.#handled.unread(state.originTopic);
        this.#intake.finish(received);
      });
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
