import type { Logger } from "pino";
import type { Clock } from "../clock.js";
import type { EasymoEvent } from "../events/event.js";
import type { MetricsSource } from "../metrics.js";
import type { TopicName } from "../topics/catalogue.generated.js";

/** A record as it is put on the bus. */
export interface BusRecord {
  readonly topic: string;
  readonly key: string;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** A record as it comes off the bus. */
export interface ReceivedRecord extends BusRecord {
  readonly partition: number;
  readonly offset: string;
  readonly timestampMs: number;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Records of one partition, in the order of their offsets. */
export interface RecordBatch extends TopicPartition {
  readonly records: readonly ReceivedRecord[];
}

/** What a member of a group owns from now on, as a whole. */
export interface Assignment {
  readonly partitions: readonly TopicPartition[];
  /**
   * This member has been in the group without a gap: a partition that it had before and has now was nobody else's in
   * between. Either way what was not committed comes again.
   */
  readonly continued: boolean;
}

export interface SubscribeOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /** Where a group that never committed starts: at the oldest record, or (default) at what comes from now on. */
  readonly fromBeginning?: boolean;
  /** Takes records and returns at once: what is handled is said by `commit`, what is too much by `pause`. */
  onRecords(batch: RecordBatch): void;
  onAssigned?(assignment: Assignment): void;
}

/** A partition's next offset to be handled: everything before it is done. */
export interface CommitOffset extends TopicPartition {
  readonly offset: string;
}

export interface PartitionLag extends TopicPartition {
  readonly lag: number;
}

/** One member of a group. It goes on by itself through rebalances and outages until it is stopped. */
export interface Subscription {
  /** Resolves with the first assignment. */
  readonly joined: Promise<void>;
  /** Rejects when the offsets could not be committed; offsets of partitions that are no longer this member's are left out. */
  commit(offsets: readonly CommitOffset[]): Promise<void>;
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /** Records that are not committed yet, of the partitions that this member owns. */
  lag(): Promise<readonly PartitionLag[]>;
  /** Leaves the group. Nothing is delivered after it resolves. */
  stop(): Promise<void>;
}

export interface PublishOptions {
  /** How long to go on trying. Default: 10,000; Infinity is for those who have nothing better to do with the records. */
  readonly timeoutMs?: number;
  /** Ends the trying early; the records may have reached the log nevertheless. */
  readonly signal?: AbortSignal;
}

/** The one way between services: partitioned topics, at least once, in order by key. */
export interface Bus {
  /**
   * Resolves when every in-sync replica has each record. Records of one key keep the order of the calls.
   * Rejects with PublishError (`retryable` says whether the same records may be tried again).
   */
  publish(
    records: readonly BusRecord[],
    options?: PublishOptions,
  ): Promise<void>;
  /** Publishes an event under the key of its topic. Rejects with InvalidEventError when it does not belong there. */
  publishEvent(
    topic: TopicName,
    event: EasymoEvent,
    options?: PublishOptions,
  ): Promise<void>;
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  /** Rejects with BusUnavailableError when the brokers do not answer. */
  check(): Promise<void>;
  /** Waits for what is being published, stops every subscription, closes the connections. */
  close(): Promise<void>;
}

export interface BusDependencies {
  readonly logger: Logger;
  readonly metrics: MetricsSource;
  readonly clock?: Clock;
}

/** Where the bus is. */
export interface BusSettings {
  /** Host and port of some brokers, or `memory:` for a bus inside this process. */
  readonly brokers: "memory:" | readonly string[];
  readonly clientId: string;
  readonly ssl: boolean;
  readonly sasl?: SaslSettings;
}

export interface SaslSettings {
  readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
  readonly username: string;
  readonly password: string;
}
