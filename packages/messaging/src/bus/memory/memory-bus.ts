import { hostClock, type Clock } from "../../clock.js";
import { BusUnavailableError, PublishError } from "../../errors.js";
import type { EasymoEvent } from "../../events/event.js";
import { recordOf } from "../../events/records.js";
import { busMetrics, type BusMetrics } from "../../metrics.js";
import {
  topicCatalogue,
  type TopicName,
} from "../../topics/catalogue.generated.js";
import { partitionOf } from "../../topics/partitioner.js";
import type {
  Bus,
  BusDependencies,
  BusRecord,
  ReceivedRecord,
  SubscribeOptions,
  Subscription,
} from "../bus.js";
import { recordBytes, MAX_RECORD_BYTES } from "../record-size.js";
import { MemoryGroup } from "./group.js";
import { MemoryMember } from "./member.js";
import { PartitionLog } from "./partition-log.js";

export interface MemoryBusOptions extends Partial<BusDependencies> {
  /** Partitions by topic, besides the catalogue's. */
  readonly topics?: Readonly<Record<string, number>>;
  /** How many records a partition keeps. Default: 10,000. */
  readonly maxRecordsPerPartition?: number;
}

/** The bus inside this process. */
export interface MemoryBus extends Bus {
  /** While false, publishing and checking fail and nothing is delivered, as when the brokers are away. */
  setAvailable(available: boolean): void;
  /** Makes a topic; one that is there stays as it is. */
  addTopic(topic: string, partitions: number): void;
  /** What a topic holds, oldest first within each partition. */
  records(topic: string): readonly ReceivedRecord[];
}

/** A bus inside this process that keeps the promises of the Kafka one: partitions, keys, groups, commits, redelivery. */
export function createMemoryBus(options: MemoryBusOptions = {}): MemoryBus {
  return new InProcessBus(options);
}

class InProcessBus implements MemoryBus {
  readonly #topics = new Map<string, readonly PartitionLog[]>();
  readonly #maxRecords: number;
  readonly #groups = new Map<string, MemoryGroup>();
  readonly #members = new Set<MemoryMember>();
  readonly #clock: Clock;
  readonly #metrics: BusMetrics | undefined;
  #available = true;
  #closed = false;

  constructor(options: MemoryBusOptions) {
    this.#clock = options.clock ?? hostClock;
    this.#metrics =
      options.metrics === undefined ? undefined : busMetrics(options.metrics);
    this.#maxRecords = options.maxRecordsPerPartition ?? 10_000;
    for (const { name, partitions } of topicCatalogue) {
      this.addTopic(name, partitions);
    }
    for (const [topic, partitions] of Object.entries(options.topics ?? {})) {
      this.addTopic(topic, partitions);
    }
  }

  async publish(records: readonly BusRecord[]): Promise<void> {
    const startedMs = this.#clock.monotonicMs();
    const places = records.map((record) => this.#placeOf(record));
    records.forEach((record, at) =>
      places[at]?.append(record, this.#clock.now()),
    );
    for (const member of this.#members) member.wake();
    await Promise.resolve();
    const seconds = (this.#clock.monotonicMs() - startedMs) / 1_000;
    for (const { topic } of records) {
      this.#metrics?.published.inc({ topic });
      this.#metrics?.publishSeconds.observe({ topic }, seconds);
    }
  }

  async publishEvent(topic: TopicName, event: EasymoEvent): Promise<void> {
    await this.publish([recordOf(topic, event)]);
  }

  subscribe(options: SubscribeOptions): Promise<Subscription> {
    return Promise.resolve().then(() => {
      if (this.#closed) throw new BusUnavailableError("The bus is closed.");
      const wanted = options.topics.flatMap((topic) => this.#logsOf(topic));
      const group =
        this.#groups.get(options.group) ?? new MemoryGroup(options.group);
      this.#groups.set(options.group, group);
      const member = new MemoryMember(group, wanted, options, {
        onStop: (stopped) => {
          this.#members.delete(stopped);
          group.leave(stopped);
        },
        available: () => this.#available,
      });
      this.#members.add(member);
      group.join(member);
      return member;
    });
  }

  check(): Promise<void> {
    return this.#available && !this.#closed
      ? Promise.resolve()
      : Promise.reject(new BusUnavailableError("The bus is not available."));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#members].map((member) => member.stop()));
  }

  setAvailable(available: boolean): void {
    this.#available = available;
    if (available) for (const member of this.#members) member.wake();
  }

  addTopic(topic: string, partitions: number): void {
    if (this.#topics.has(topic)) return;
    const logs = Array.from(
      { length: partitions },
      (_, partition) => new PartitionLog(topic, partition, this.#maxRecords),
    );
    this.#topics.set(topic, logs);
  }

  records(topic: string): readonly ReceivedRecord[] {
    return this.#logsOf(topic).flatMap((log) =>
      log.read(log.startOffset, Number.POSITIVE_INFINITY),
    );
  }

  /** Everything that can be refused is refused here, before anything is appended. */
  #placeOf(record: BusRecord): PartitionLog {
    const { topic, key } = record;
    if (this.#closed) {
      throw new PublishError("bus_closed", topic, "The bus is closed.", {
        retryable: false,
      });
    }
    if (!this.#available) {
      throw new PublishError(
        "bus_unavailable",
        topic,
        "The bus is not available.",
        { retryable: true },
      );
    }
    const bytes = recordBytes(record);
    if (bytes > MAX_RECORD_BYTES) {
      throw new PublishError(
        "record_too_large",
        topic,
        `A record for ${topic} has ${bytes} bytes; at most ${MAX_RECORD_BYTES} are taken.`,
        { retryable: false },
      );
    }
    const logs = this.#logsOf(topic);
    const log = logs[partitionOf(key, logs.length)];
    if (log === undefined) throw unknownTopic(topic);
    return log;
  }

  #logsOf(topic: string): readonly PartitionLog[] {
    const logs = this.#topics.get(topic);
    if (logs === undefined) throw unknownTopic(topic);
    return logs;
  }
}

function unknownTopic(topic: string): PublishError {
  return new PublishError(
    "topic_unknown",
    topic,
    `There is no topic ${topic}: declare it in infrastructure/kafka/topics.yaml and apply it.`,
    { retryable: true },
  );
}
