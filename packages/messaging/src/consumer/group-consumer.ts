import type { Logger } from "pino";
import type {
  Assignment,
  PartitionLag,
  ReceivedRecord,
  RecordBatch,
  Subscription,
} from "../bus/bus.js";
import { recordBytes } from "../bus/record-size.js";
import { placeOf } from "../bus/topic-partitions.js";
import { hostClock, type Clock, type Timer } from "../clock.js";
import { MalformedRecordError } from "../errors.js";
import { busMetrics, type BusMetrics } from "../metrics.js";
import { topicNames } from "../topics/catalogue.generated.js";
import { CommitLoop } from "./commit-loop.js";
import type { ConsumerOptions, EventConsumer } from "./event-consumer.js";
import { KeyLanes, type TaskOutcome } from "./key-lanes.js";
import type { TrackedOffset } from "./offset-tracker.js";
import { OwnedPartition, type BufferLimits } from "./owned-partition.js";
import { RecordHandler, type HandledOutcome } from "./record-handler.js";
import { retryStateOf, type RetryState } from "./retry-headers.js";

const MIB = 1_024 * 1_024;
const DEFAULT_CONCURRENCY = 16;
const DEFAULT_STOP_TIMEOUT_MS = 20_000;
const ABORTED_GRACE_MS = 1_000;

/** Records that wait for their time are many and small; this many of a retry partition are kept at hand. */
const RETRY_LIMITS: BufferLimits = { maxRecords: 10_000, maxBytes: 32 * MIB };

/** A record on its way through this consumer. */
interface Received {
  readonly record: ReceivedRecord;
  readonly partition: OwnedPartition;
  readonly tracked: TrackedOffset;
}

/** One member of a group: reads the topics and the retry topic, handles by key, commits what is done. */
export class GroupConsumer implements EventConsumer {
  readonly #options: ConsumerOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: BusMetrics;
  readonly #lanes: KeyLanes;
  readonly #handler: RecordHandler;
  readonly #limits: BufferLimits;
  readonly #commits: CommitLoop;
  readonly #waiting = new Set<Timer>();
  #owned = new Map<string, OwnedPartition>();
  #subscription: Subscription | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #unobserve: () => void = () => undefined;
  #paused = false;

  constructor(options: ConsumerOptions) {
    const concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;
    this.#options = options;
    this.#clock = options.clock ?? hostClock;
    this.#logger = options.logger.child({ group: options.group });
    this.#metrics = busMetrics(options.metrics);
    this.#lanes = new KeyLanes(concurrency, this.#clock);
    this.#limits = {
      maxRecords: Math.max(256, concurrency * 32),
      maxBytes: 8 * MIB,
    };
    this.#handler = new RecordHandler(options, {
      clock: this.#clock,
      logger: this.#logger,
      metrics: this.#metrics,
    });
    this.#commits = new CommitLoop(this.#clock, this.#logger);
  }

  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  async joined(): Promise<void> {
    await this.#starting;
    await this.#subscription?.joined;
  }

  pause(): void {
    this.#paused = true;
    this.#lanes.pause();
    this.#subscription?.pause([...this.#owned.values()].map((p) => p.place));
  }

  resume(): void {
    if (this.#stopping !== undefined) return;
    this.#paused = false;
    this.#lanes.resume();
    const open = [...this.#owned.values()].filter(({ full }) => !full);
    this.#subscription?.resume(open.map(({ place }) => place));
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  lag(): Promise<readonly PartitionLag[]> {
    return this.#subscription?.lag() ?? Promise.resolve([]);
  }

  async #start(): Promise<void> {
    const { bus, group, topics, fromBeginning = true } = this.#options;
    const subscription = await bus.subscribe({
      group,
      topics: [...new Set([...topics, topicNames.brokerRetry])],
      fromBeginning,
      onAssigned: (assignment) => this.#assign(assignment),
      onRecords: (batch) => this.#receive(batch),
    });
    this.#subscription = subscription;
    this.#commits.begin(subscription, () => this.#owned.values());
    this.#unobserve = this.#metrics.lag.observe(async () =>
      (await subscription.lag()).map((lag) => ({ group, ...lag })),
    );
    if (this.#paused) this.pause();
  }

  async #stop(): Promise<void> {
    await this.#starting;
    this.pause();
    for (const timer of this.#waiting) timer.cancel();
    const idle = this.#lanes.idle();
    const timeoutMs = this.#options.stopTimeoutMs ?? DEFAULT_STOP_TIMEOUT_MS;
    if (!(await this.#within(idle, timeoutMs))) {
      this.#logger.warn("handlers took too long to stop; aborting them");
      for (const partition of this.#owned.values()) partition.lose();
      await this.#within(idle, ABORTED_GRACE_MS);
    }
    this.#unobserve();
    await this.#commits.end();
    await this.#subscription?.stop();
    for (const partition of this.#owned.values()) partition.lose();
    this.#owned.clear();
  }

  #within(work: Promise<void>, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#clock.setTimeout(() => resolve(false), timeoutMs);
      void work.then(() => {
        timer.cancel();
        resolve(true);
      });
    });
  }

  #assign({ partitions, continued }: Assignment): void {
    const before = this.#owned;
    this.#owned = new Map();
    for (const place of partitions) {
      const name = placeOf(place);
      const kept = continued ? before.get(name) : undefined;
      const limits =
        place.topic === topicNames.brokerRetry ? RETRY_LIMITS : this.#limits;
      this.#owned.set(name, kept ?? new OwnedPartition(place, limits));
    }
    for (const [name, partition] of before) {
      if (this.#owned.get(name) !== partition) partition.lose();
    }
    const held = [...this.#owned.values()].filter(
      ({ full }) => full || this.#paused,
    );
    this.#subscription?.pause(held.map(({ place }) => place));
    // A partition that starts anew here may have been paused by its former self.
    const fresh = [...this.#owned.values()].filter(
      (partition) => !held.includes(partition),
    );
    this.#subscription?.resume(fresh.map(({ place }) => place));
  }

  #receive(batch: RecordBatch): void {
    const partition = this.#owned.get(placeOf(batch));
    if (partition === undefined) return;
    for (const record of batch.records) {
      const tracked = partition.tracker.receive(Number(record.offset));
      if (tracked === undefined) continue;
      if (partition.fill(recordBytes(record))) {
        this.#subscription?.pause([partition.place]);
      }
      this.#route({ record, partition, tracked });
    }
  }

  /** A record of a topic is handled when its key's turn comes; one of the retry topic not before its time. */
  #route(received: Received): void {
    const { record } = received;
    if (record.topic !== topicNames.brokerRetry) {
      const { group } = this.#options;
      const first = {
        originTopic: record.topic,
        group,
        attempts: 0,
        notBeforeMs: 0,
      };
      this.#enqueue(received, first);
      return;
    }
    let state: RetryState;
    try {
      state = retryStateOf(record);
    } catch (error) {
      this.#enqueuePoison(received, error);
      return;
    }
    if (state.group !== this.#options.group) {
      this.#finish(received);
      return;
    }
    this.#whenDue(received, state);
  }

  #whenDue(received: Received, state: RetryState): void {
    const waitMs = state.notBeforeMs - this.#clock.now();
    if (waitMs <= 0) {
      this.#enqueue(received, state);
      return;
    }
    const { signal } = received.partition;
    const forget = (): void => {
      timer.cancel();
      this.#waiting.delete(timer);
    };
    const timer = this.#clock.setTimeout(() => {
      signal.removeEventListener("abort", forget);
      this.#waiting.delete(timer);
      this.#enqueue(received, state);
    }, waitMs);
    this.#waiting.add(timer);
    signal.addEventListener("abort", forget, { once: true });
  }

  #enqueue(received: Received, state: RetryState): void {
    const { record, partition } = received;
    this.#lanes.push(`${state.originTopic}\n${record.key}`, () =>
      this.#task(received, () =>
        this.#handler.handle(record, state, partition.signal),
      ),
    );
  }

  #enqueuePoison(received: Received, error: unknown): void {
    const { record, partition } = received;
    const reason =
      error instanceof MalformedRecordError
        ? error
        : new MalformedRecordError("missing_attribute", "retry headers");
    this.#lanes.push(`${record.topic}\n${record.key}`, () =>
      this.#task(received, () =>
        this.#handler.deadLetterPoison(record, reason, partition.signal),
      ),
    );
  }

  async #task(
    received: Received,
    handle: () => Promise<HandledOutcome>,
  ): Promise<TaskOutcome> {
    // It is handled by the partition's new owner.
    if (received.partition.signal.aborted) return undefined;
    const outcome = await handle();
    if (typeof outcome === "object") return outcome;
    if (outcome === "done") this.#finish(received);
    return undefined;
  }

  #finish({ record, partition, tracked }: Received): void {
    partition.tracker.finish(tracked);
    const room = partition.drain(recordBytes(record));
    const current = this.#owned.get(placeOf(partition.place)) === partition;
    if (room && current && !this.#paused) {
      this.#subscription?.resume([partition.place]);
    }
    this.#commits.soon();
  }
}
