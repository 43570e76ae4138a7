import type { Logger } from "pino";
import { Bag } from "@easymo/bag";
import { delay, type Clock } from "../../clock.js";
import { PublishError } from "../../errors.js";
import type { BusMetrics } from "../../metrics.js";
import { partitionOf } from "../../topics/partitioner.js";
import type { BusRecord, PublishOptions } from "../bus.js";
import { MAX_RECORD_BYTES, recordBytes } from "../record-size.js";
import type { ClusterAdmin } from "./admin.js";
import { Delivery, type Entry } from "./delivery.js";
import { protocolErrorOf } from "./failures.js";
import { Lane, type LaneObserver } from "./lane.js";
import type { Producers } from "./producers.js";

/** What may wait to be sent, over all topics. */
const MAX_WAITING_BYTES = 64 * 1_024 * 1_024;
const PARTITIONS_MAX_AGE_MS = 60_000;
const LOOKUP_PAUSE_MS = 200;
/** How long after a failure leaders are asked about. */
const LEADERS_PAUSE_MS = 5_000;
const LOG_INTERVAL_MS = 10_000;

interface TopicState {
  partitions: number | undefined;
  /** The broker that leads each partition; empty since a send failed, until it has been asked about anew. */
  leaders: readonly number[];
  askedMs: number;
  asking: boolean;
  /** What came before the number of partitions was known, in order. */
  waiting: Entry[];
  readonly lanes: Map<number, Lane>;
}

/** Puts records on their partitions' lanes. */
export class Publisher {
  readonly #admin: ClusterAdmin;
  readonly #producers: Producers;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: BusMetrics;
  readonly #topics = new Map<string, TopicState>();
  readonly #lanes = new Set<Lane>();
  readonly #deliveries = new Bag<Delivery>();
  readonly #closing = new AbortController();
  readonly #observer: LaneObserver = {
    acknowledged: (topic, batch) => {
      const labels = { topic };
      const nowMs = this.#clock.monotonicMs();
      this.#metrics.published.inc(labels, batch.length);
      for (const { delivery } of batch)
        this.#metrics.publishSeconds.observe(
          labels,
          (nowMs - delivery.startedMs) / 1_000,
        );
      this.#failingSinceMs = undefined;
    },
    failing: (error) => {
      // Leaders may have moved: until that is known each partition is sent to by itself.
      for (const state of this.#topics.values()) {
        state.leaders = [];
        state.askedMs = Math.min(
          state.askedMs,
          this.#clock.monotonicMs() - PARTITIONS_MAX_AGE_MS + LEADERS_PAUSE_MS,
        );
      }
      this.#logFailing(error);
    },
  };
  #waitingBytes = 0;
  #failingSinceMs: number | undefined;
  #lastLogMs = Number.NEGATIVE_INFINITY;

  constructor(deps: {
    admin: ClusterAdmin;
    producers: Producers;
    clock: Clock;
    logger: Logger;
    metrics: BusMetrics;
  }) {
    this.#admin = deps.admin;
    this.#producers = deps.producers;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#metrics = deps.metrics;
  }

  /** One promise for a call, that of its delivery: this is asked thousands of times a second. */
  publish(
    records: readonly BusRecord[],
    options: PublishOptions = {},
  ): Promise<void> {
    const sizes: number[] = [];
    for (const record of records) {
      const bytes = recordBytes(record);
      const refusal = this.#refusalOf(record, bytes);
      if (refusal !== undefined) return Promise.reject(refusal);
      sizes.push(bytes);
    }
    const delivery = new Delivery(records, sizes, options, this.#clock);
    const open = this.#deliveries.add(delivery);
    this.#waitingBytes += delivery.bytes;
    delivery.whenOver(() => {
      this.#deliveries.remove(open);
      this.#waitingBytes -= delivery.bytes;
    });
    for (const entry of delivery.entries) this.#route(entry);
    return delivery.settled;
  }

  /** Takes nothing more; gives what is on its way some time. */
  async close(graceMs: number): Promise<void> {
    this.#closing.abort();
    const grace = this.#clock.setTimeout(() => {
      for (const delivery of this.#deliveries.values()) delivery.expire();
    }, graceMs);
    await Promise.allSettled(
      this.#deliveries.values().map(({ settled }) => settled),
    );
    grace.cancel();
    await Promise.all([...this.#lanes].map((lane) => lane.idle()));
    this.#producers.close();
  }

  /** Why a record cannot be taken; undefined when it can. */
  #refusalOf({ topic }: BusRecord, bytes: number): PublishError | undefined {
    if (this.#closing.signal.aborted)
      return new PublishError("bus_closed", topic, "The bus is closed.", {
        retryable: false,
      });
    if (bytes > MAX_RECORD_BYTES)
      return new PublishError(
        "record_too_large",
        topic,
        `A record for ${topic} has ${bytes} bytes; at most ${MAX_RECORD_BYTES} are taken.`,
        { retryable: false },
      );
    if (this.#waitingBytes + bytes > MAX_WAITING_BYTES)
      return new PublishError(
        "bus_unavailable",
        topic,
        `${this.#waitingBytes} bytes wait for the brokers already; try again later.`,
        { retryable: true },
      );
    return undefined;
  }

  #route(entry: Entry): void {
    const { topic } = entry.record;
    const state = this.#stateOf(topic);
    if (state.partitions === undefined) {
      state.waiting.push(entry);
    } else {
      this.#laneOf(entry, state.partitions).push(entry);
    }
    const ageMs = this.#clock.monotonicMs() - state.askedMs;
    const stale =
      state.partitions === undefined || ageMs > PARTITIONS_MAX_AGE_MS;
    if (stale && !state.asking) {
      void this.#askPartitions(topic, state);
    }
  }

  #stateOf(topic: string): TopicState {
    const known = this.#topics.get(topic);
    if (known !== undefined) return known;
    const state: TopicState = {
      partitions: undefined,
      leaders: [],
      askedMs: Number.NEGATIVE_INFINITY,
      asking: false,
      waiting: [],
      lanes: new Map(),
    };
    this.#topics.set(topic, state);
    return state;
  }

  #laneOf({ record: { topic, key } }: Entry, partitions: number): Lane {
    const partition = partitionOf(key, partitions);
    const { lanes } = this.#stateOf(topic);
    const known = lanes.get(partition);
    if (known !== undefined) return known;
    const place = { topic, partition };
    const lane = new Lane(
      place,
      this.#producers,
      this.#clock,
      this.#observer,
      () => {
        const leader = this.#topics.get(topic)?.leaders[partition];
        return leader === undefined || leader < 0 ? undefined : leader;
      },
    );
    lanes.set(partition, lane);
    this.#lanes.add(lane);
    return lane;
  }

  /** Asks until it is known, or nobody waits for it; an age that is over is asked about once. */
  async #askPartitions(topic: string, state: TopicState): Promise<void> {
    state.asking = true;
    state.askedMs = this.#clock.monotonicMs();
    for (;;) {
      try {
        const leaders = await this.#admin.leaders(topic);
        if (leaders.length > 0) {
          state.partitions = leaders.length;
          state.leaders = leaders;
        }
      } catch (error) {
        this.#lookupFailed(topic, state, error);
      }
      if (state.partitions !== undefined) break;
      state.waiting = state.waiting.filter(({ delivery }) => !delivery.over);
      if (state.waiting.length === 0) break;
      await delay(this.#clock, LOOKUP_PAUSE_MS);
    }
    state.asking = false;
    const { partitions, waiting } = state;
    if (partitions === undefined) return;
    state.waiting = [];
    for (const entry of waiting) this.#laneOf(entry, partitions).push(entry);
  }

  #lookupFailed(topic: string, state: TopicState, cause: unknown): void {
    const type = protocolErrorOf(cause);
    if (type === "UNKNOWN_TOPIC_OR_PARTITION") {
      const error = new PublishError(
        "topic_unknown",
        topic,
        `There is no topic ${topic}: declare it in infrastructure/kafka/topics.yaml and apply it.`,
        { retryable: true, cause },
      );
      for (const { delivery } of state.waiting) delivery.settle(error);
      state.waiting = [];
      return;
    }
    this.#logFailing(cause);
    for (const { delivery } of state.waiting) delivery.note(cause);
  }

  /** Says once in a while that the brokers are away, not for each batch. */
  #logFailing(error: unknown): void {
    const now = this.#clock.monotonicMs();
    this.#failingSinceMs ??= now;
    if (now - this.#lastLogMs < LOG_INTERVAL_MS) return;
    this.#lastLogMs = now;
    this.#logger.warn(
      { err: error, forMs: Math.round(now - this.#failingSinceMs) },
      "kafka does not take records; trying again",
    );
  }
}
