import type { Logger } from "pino";
import type {
  Assignment,
  Bus,
  PartitionLag,
  ReceivedRecord,
  RecordBatch,
  Subscription,
} from "../bus/bus.js";
import { placeOf } from "../bus/topic-partitions.js";
import type { Clock, Timer } from "../clock.js";
import { MalformedRecordError } from "../errors.js";
import type { BusMetrics } from "../metrics.js";
import { topicNames } from "../topics/catalogue.generated.js";
import { CommitLoop } from "./commit-loop.js";
import type { TrackedOffset } from "./offset-tracker.js";
import { OwnedPartition, type BufferLimits } from "./owned-partition.js";
import { retryStateOf, type RetryState } from "./retry-headers.js";

const MIB = 1_024 * 1_024;

/** Records that wait for their time are many and small; this many of a retry partition are kept at hand. */
const RETRY_LIMITS: BufferLimits = { maxRecords: 10_000, maxBytes: 32 * MIB };

/** A record without anything in it. */
const RECORD_BYTES = 64;

/** A record on its way through a consumer. */
export interface Received {
  readonly record: ReceivedRecord;
  readonly partition: OwnedPartition;
  readonly tracked: TrackedOffset;
  readonly bytes: number;
}

export interface IntakeOptions {
  readonly bus: Bus;
  readonly group: string;
  readonly topics: readonly string[];
  readonly fromBeginning: boolean;
  /** What is kept at hand of one partition, besides the retry topic's. */
  readonly limits: BufferLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: BusMetrics;
  /** A record may be handled now. */
  onReady(received: Received, state: RetryState): void;
  /** A record of the retry topic that does not say where it came from. */
  onPoison(received: Received, error: MalformedRecordError): void;
  /** A fetch has been handed over whole. */
  onBatchEnd?(): void;
}

/**
 * One member of a group: reads the topics and the retry topic, keeps what waits for its time, pauses a partition of which
 * enough is at hand, and commits what is finished.
 */
export class GroupIntake {
  readonly #options: IntakeOptions;
  readonly #commits: CommitLoop;
  readonly #waiting = new Set<Timer>();
  #owned = new Map<string, OwnedPartition>();
  #subscription: Subscription | undefined;
  #unobserve: () => void = () => undefined;
  #paused = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#commits = new CommitLoop(options.clock, options.logger);
  }

  async start(): Promise<void> {
    const { bus, group, topics, fromBeginning, metrics } = this.#options;
    const subscription = await bus.subscribe({
      group,
      topics: [...new Set([...topics, topicNames.brokerRetry])],
      fromBeginning,
      onAssigned: (assignment) => this.#assign(assignment),
      onRecords: (batch) => this.#receive(batch),
    });
    this.#subscription = subscription;
    this.#commits.begin(subscription, () => this.#owned.values());
    this.#unobserve = metrics.lag.observe(async () =>
      (await subscription.lag()).map((lag) => ({ group, ...lag })),
    );
    if (this.#paused) this.pause();
  }

  async joined(): Promise<void> {
    await this.#subscription?.joined;
  }

  lag(): Promise<readonly PartitionLag[]> {
    return this.#subscription?.lag() ?? Promise.resolve([]);
  }

  pause(): void {
    this.#paused = true;
    this.#subscription?.pause([...this.#owned.values()].map((p) => p.place));
  }

  resume(): void {
    this.#paused = false;
    const open = [...this.#owned.values()].filter(({ full }) => !full);
    this.#subscription?.resume(open.map(({ place }) => place));
  }

  /** Lets go of what waits for its time: it comes again. */
  cancelWaiting(): void {
    for (const timer of this.#waiting) timer.cancel();
    this.#waiting.clear();
  }

  /** Aborts the signals of everything that is being handled. */
  abort(): void {
    for (const partition of this.#owned.values()) partition.lose();
  }

  /** Commits what is finished, leaves the group. */
  async end(): Promise<void> {
    this.cancelWaiting();
    this.#unobserve();
    await this.#commits.end();
    await this.#subscription?.stop();
    this.abort();
    this.#owned.clear();
  }

  /** A record is done with: its offset may be committed. */
  finish({ bytes, partition, tracked }: Received): void {
    partition.tracker.finish(tracked);
    if (!partition.drain(bytes)) {
      this.#commits.soon();
      return;
    }
    const current = this.#owned.get(placeOf(partition.place)) === partition;
    if (current && !this.#paused) {
      this.#subscription?.resume([partition.place]);
    }
    this.#commits.soon();
  }

  #assign({ partitions, continued }: Assignment): void {
    const before = this.#owned;
    this.#owned = new Map();
    for (const place of partitions) {
      const name = placeOf(place);
      const kept = continued ? before.get(name) : undefined;
      const limits =
        place.topic === topicNames.brokerRetry
          ? RETRY_LIMITS
          : this.#options.limits;
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
      const bytes = memoryBytes(record);
      if (partition.fill(bytes)) {
        this.#subscription?.pause([partition.place]);
      }
      this.#route({ record, partition, tracked, bytes });
    }
    this.#options.onBatchEnd?.();
  }

  /** A record of a topic is handled when its turn comes; one of the retry topic not before its time. */
  #route(received: Received): void {
    const { record } = received;
    const { group } = this.#options;
    if (record.topic !== topicNames.brokerRetry) {
      const originTopic = record.topic;
      const first = { originTopic, group, attempts: 0, notBeforeMs: 0 };
      this.#options.onReady(received, first);
      return;
    }
    let state: RetryState | undefined;
    try {
      state = retryStateOf(record, this.#options);
    } catch (error) {
      this.#options.onPoison(received, reasonOf(error));
      return;
    }
    if (state === undefined) {
      this.finish(received);
      return;
    }
    this.#whenDue(received, state);
  }

  /** Hands a record on at its time. Gives whether that was at once. */
  #whenDue(received: Received, state: RetryState): boolean {
    const { clock } = this.#options;
    const waitMs = state.notBeforeMs - clock.now();
    if (waitMs <= 0) {
      this.#options.onReady(received, state);
      return true;
    }
    const { signal } = received.partition;
    const forget = (): void => {
      timer.cancel();
      this.#waiting.delete(timer);
    };
    const timer = clock.setTimeout(() => {
      signal.removeEventListener("abort", forget);
      this.#waiting.delete(timer);
      // By the time of day, a timer may be a millisecond early.
      if (this.#whenDue(received, state)) this.#options.onBatchEnd?.();
    }, waitMs);
    this.#waiting.add(timer);
    signal.addEventListener("abort", forget, { once: true });
    return false;
  }
}

/** About what a record takes while it is at hand. */
function memoryBytes({ key, value, headers }: ReceivedRecord): number {
  let bytes = RECORD_BYTES + key.length + value.length;
  for (const name of Object.keys(headers))
    bytes += name.length + (headers[name]?.length ?? 0);
  return bytes;
}

function reasonOf(error: unknown): MalformedRecordError {
  return error instanceof MalformedRecordError
    ? error
    : new MalformedRecordError("missing_attribute", "retry headers");
}
