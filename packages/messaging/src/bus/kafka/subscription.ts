import type { Consumer, EachBatchPayload, Kafka } from "kafkajs";
import type { Logger } from "pino";
import { delay, type Clock } from "../../clock.js";
import { BusUnavailableError } from "../../errors.js";
import type {
  CommitOffset,
  PartitionLag,
  SubscribeOptions,
  Subscription,
  TopicPartition,
} from "../bus.js";
import { byTopic, placeOf } from "../topic-partitions.js";
import { CLIENT_RETRY } from "./client.js";
import type { GroupOffsets } from "./group-offsets.js";
import { receivedRecord } from "./records.js";

/** A member that says nothing for this long has its partitions given to others. */
const SESSION_TIMEOUT_MS = 10_000;
const HEARTBEAT_INTERVAL_MS = 1_000;
/** How long a fetch waits for records; also how soon a resumed partition is fetched from again. */
const FETCH_WAIT_MS = 200;
const FETCH_BYTES_PER_PARTITION = 1_024 * 1_024;
const FETCH_BYTES = 8 * FETCH_BYTES_PER_PARTITION;
/** New partitions of a topic are found within this. */
const METADATA_MAX_AGE_MS = 30_000;
const RESTART_PAUSE_MS = 500;
/** Records that come for so long without an assignment mean that its answer was lost: the group is joined anew. */
const STRANDED_MS = 5_000;
const LOG_INTERVAL_MS = 10_000;

/** A member of a consumer group; a crashed kafkajs consumer is followed by a new one. */
export class KafkaSubscription implements Subscription {
  readonly joined: Promise<void>;
  readonly #kafka: Kafka;
  readonly #options: SubscribeOptions;
  readonly #offsets: GroupOffsets;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  readonly #onStop: () => void;
  readonly #paused = new Map<string, TopicPartition>();
  /** Undefined between two assignments. */
  #owned: Map<string, TopicPartition> | undefined;
  #memberId: string | undefined;
  /** Of this assignment; a step that waited knows by it whether it has been overtaken. */
  #assignment = 0;
  #pinning = false;
  #consumer: Consumer | undefined;
  #running: Promise<void> = Promise.resolve();
  #lastLogMs = Number.NEGATIVE_INFINITY;
  #resolveJoined: () => void = () => undefined;
  #restart: () => void = () => undefined;
  #lostAtMs = Number.POSITIVE_INFINITY;

  constructor(
    kafka: Kafka,
    offsets: GroupOffsets,
    options: SubscribeOptions,
    deps: { clock: Clock; logger: Logger; onStop: () => void },
  ) {
    this.#kafka = kafka;
    this.#offsets = offsets;
    this.#options = options;
    this.#clock = deps.clock;
    this.#logger = deps.logger.child({ group: options.group });
    this.#onStop = deps.onStop;
    this.joined = new Promise((resolve) => (this.#resolveJoined = resolve));
  }

  begin(): void {
    this.#running = this.#run();
  }

  async commit(offsets: readonly CommitOffset[]): Promise<void> {
    if (this.#consumer === undefined || this.#owned === undefined) {
      throw new BusUnavailableError("The group is being joined anew.");
    }
    const owned = this.#owned;
    const mine = offsets.filter((place) => owned.has(placeOf(place)));
    if (mine.length === 0) return;
    try {
      await this.#consumer.commitOffsets(mine);
    } catch (error) {
      throw new BusUnavailableError("The offsets were not committed.", error);
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const place of partitions) this.#paused.set(placeOf(place), place);
    this.#applyPause(partitions);
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const place of partitions) this.#paused.delete(placeOf(place));
    // Before its start is written down nothing may be read; #assign resumes it then.
    if (!this.#pinning) this.#applyResume(partitions);
  }

  lag(): Promise<readonly PartitionLag[]> {
    const owned = [...(this.#owned?.values() ?? [])];
    return owned.length === 0 ? Promise.resolve([]) : this.#offsets.lag(owned);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#owned = undefined;
    await this.#running;
    this.#onStop();
  }

  /** One kafkajs consumer after another, until stopped. */
  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const consumer = this.#makeConsumer();
      const crashed = new Promise<void>((resolve) =>
        consumer.on(consumer.events.CRASH, ({ payload }) => {
          this.#logAway(payload.error);
          resolve();
        }),
      );
      const stranded = new Promise<void>((resolve) => {
        this.#restart = resolve;
      });
      const stopped = new Promise<void>((resolve) =>
        signal.addEventListener("abort", () => resolve(), { once: true }),
      );
      try {
        await consumer.connect();
        const { topics, fromBeginning = false } = this.#options;
        await consumer.subscribe({ topics: [...topics], fromBeginning });
        this.#consumer = consumer;
        await consumer.run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          partitionsConsumedConcurrently: 1,
          eachBatch: (payload) => this.#take(payload),
        });
        await Promise.race([crashed, stranded, stopped]);
      } catch (error) {
        this.#logAway(error);
      }
      await consumer.disconnect().catch(() => undefined);
      this.#consumer = undefined;
      this.#owned = undefined;
      await delay(this.#clock, RESTART_PAUSE_MS, signal);
    }
  }

  #makeConsumer(): Consumer {
    const consumer = this.#kafka.consumer({
      groupId: this.#options.group,
      sessionTimeout: SESSION_TIMEOUT_MS,
      rebalanceTimeout: SESSION_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_INTERVAL_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      maxBytesPerPartition: FETCH_BYTES_PER_PARTITION,
      maxBytes: FETCH_BYTES,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      allowAutoTopicCreation: false,
      // After a crash everything is made anew here, whatever kind of error it was.
      retry: {
        ...CLIENT_RETRY,
        restartOnFailure: () => Promise.resolve(false),
      },
    });
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      const owned = Object.entries(payload.memberAssignment).flatMap(
        ([topic, partitions]) =>
          partitions.map((partition) => ({ topic, partition })),
      );
      void this.#assign(consumer, payload.memberId, owned);
    });
    consumer.on(consumer.events.REBALANCING, () => {
      this.#owned = undefined;
      this.#lostAtMs = this.#clock.monotonicMs();
    });
    return consumer;
  }

  async #assign(
    consumer: Consumer,
    memberId: string,
    places: readonly TopicPartition[],
  ): Promise<void> {
    const assignment = ++this.#assignment;
    const overtaken = (): boolean =>
      assignment !== this.#assignment || this.#stopping.signal.aborted;
    const continued = memberId === this.#memberId;
    this.#memberId = memberId;
    this.#consumer = consumer;
    this.#owned = new Map(places.map((place) => [placeOf(place), place]));
    const pinning = this.#options.fromBeginning !== true && places.length > 0;
    this.#pinning = pinning;
    if (pinning) this.#applyPause(places);
    else this.#applyPause([...this.#paused.values()]);
    this.#options.onAssigned?.({ partitions: places, continued });
    if (pinning) {
      await this.#pin(consumer, places, overtaken);
      if (overtaken()) return;
      this.#pinning = false;
      this.#applyResume(
        places.filter((place) => !this.#paused.has(placeOf(place))),
      );
    }
    this.#resolveJoined();
  }

  /**
   * Writes down where a group that never committed begins. Left to "latest", its start would be found again after each
   * rebalance, behind records that came in between.
   */
  async #pin(
    consumer: Consumer,
    places: readonly TopicPartition[],
    overtaken: () => boolean,
  ): Promise<void> {
    while (!overtaken()) {
      try {
        const starts = await this.#offsets.endsOfUncommitted(places);
        if (overtaken()) return;
        for (const start of starts) consumer.seek(start);
        if (starts.length > 0) await consumer.commitOffsets(starts);
        return;
      } catch (error) {
        this.#logAway(error);
        await delay(this.#clock, RESTART_PAUSE_MS, this.#stopping.signal);
      }
    }
  }

  /** Hands records over; a partition that is not this member's (any more) keeps its place. */
  #take(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    if (this.#owned === undefined) this.#checkStranded();
    const place = { topic: batch.topic, partition: batch.partition };
    const last = batch.messages.at(-1);
    if (last !== undefined && this.#owned?.has(placeOf(place)) === true) {
      const records = batch.messages.map((message) =>
        receivedRecord(place, message),
      );
      this.#options.onRecords({ ...place, records });
      payload.resolveOffset(last.offset);
    }
    return Promise.resolve();
  }

  /** kafkajs goes on reading what it had when the answer to a join is lost, and never says what it has now. */
  #checkStranded(): void {
    if (this.#clock.monotonicMs() - this.#lostAtMs < STRANDED_MS) return;
    this.#logger.warn("the group's assignment never came; joining it anew");
    this.#restart();
  }

  #applyPause(places: readonly TopicPartition[]): void {
    if (places.length > 0) this.#consumer?.pause(byTopic(places));
  }

  #applyResume(places: readonly TopicPartition[]): void {
    if (places.length > 0) this.#consumer?.resume(byTopic(places));
  }

  #logAway(error: unknown): void {
    const now = this.#clock.monotonicMs();
    if (this.#stopping.signal.aborted) return;
    if (now - this.#lastLogMs < LOG_INTERVAL_MS) return;
    this.#lastLogMs = now;
    this.#logger.warn(
      { err: error },
      "the consumer lost kafka; starting again",
    );
  }
}
