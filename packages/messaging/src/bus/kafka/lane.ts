import type { Message } from "kafkajs";
import { delay, type Clock } from "../../clock.js";
import { PublishError, type PublishErrorCode } from "../../errors.js";
import { MAX_RECORD_BYTES } from "../record-size.js";
import { ConvoyError } from "./convoys.js";
import type { Entry } from "./delivery.js";
import { judge } from "./failures.js";
import type { ProducerGeneration, Producers } from "./producers.js";

/** What one send holds at most, so that a request stays below the 1 MiB that brokers and topics take. */
const MAX_BATCH_BYTES = MAX_RECORD_BYTES;
const FIRST_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 1_000;

/** What a lane tells its publisher. */
export interface LaneObserver {
  acknowledged(topic: string, batch: readonly Entry[]): void;
  failing(error: unknown): void;
}

/**
 * The way into one partition. One send at a time, so that records keep their order also when one is tried again; records
 * that come meanwhile, or in the same turn of the event loop, go together in the next.
 */
export class Lane {
  readonly #topic: string;
  readonly #partition: number;
  readonly #producers: Producers;
  readonly #clock: Clock;
  readonly #observer: LaneObserver;
  readonly #leader: () => number | undefined;
  #queue: Entry[] = [];
  #maxRecords = Number.POSITIVE_INFINITY;
  #running: Promise<void> | undefined;

  constructor(
    place: { topic: string; partition: number },
    producers: Producers,
    clock: Clock,
    observer: LaneObserver,
    /** The broker that leads the partition, while that is known for sure. */
    leader: () => number | undefined,
  ) {
    this.#topic = place.topic;
    this.#partition = place.partition;
    this.#producers = producers;
    this.#clock = clock;
    this.#observer = observer;
    this.#leader = leader;
  }

  push(entry: Entry): void {
    this.#queue.push(entry);
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    for (;;) {
      const batch = this.#take();
      if (batch.length === 0) break;
      await this.#deliver(batch);
    }
    this.#running = undefined;
  }

  /** The next records that someone still waits for, as many as one request takes. */
  #take(): Entry[] {
    const batch: Entry[] = [];
    let bytes = 0;
    let used = 0;
    for (const entry of this.#queue) {
      if (!entry.delivery.over) {
        if (batch.length > 0 && bytes + entry.bytes > MAX_BATCH_BYTES) break;
        if (batch.length >= this.#maxRecords) break;
        batch.push(entry);
        bytes += entry.bytes;
      }
      used += 1;
    }
    this.#queue = this.#queue.slice(used);
    return batch;
  }

  async #deliver(batch: readonly Entry[]): Promise<void> {
    const messages = batch.map((entry) => this.#messageOf(entry));
    let generation: ProducerGeneration | undefined;
    let doubtful = false;
    for (let attempt = 1; ; attempt++) {
      generation ??= this.#producers.take();
      let connected = false;
      try {
        await generation.connect();
        connected = true;
        await this.#send(generation, messages, attempt);
        this.#acknowledge(batch);
        break;
      } catch (error) {
        if (error instanceof ConvoyError) {
          // It may be another's fault. Sent alone and again, by the same producer, it is known for a repeat.
          doubtful = true;
          this.#observer.failing(error);
          continue;
        }
        const verdict = judge(error);
        if (verdict.kind === "acknowledged") {
          this.#acknowledge(batch);
          break;
        }
        // Refused with certainty as long as no try before went unanswered; otherwise the sequence cannot be trusted.
        if (verdict.kind === "too_large" && batch.length > 1) {
          if (doubtful) generation.retire();
          this.#split(batch);
          break;
        }
        if (verdict.kind === "too_large" || verdict.kind === "refused") {
          if (doubtful) generation.retire();
          const code =
            verdict.kind === "refused" ? verdict.code : "record_too_large";
          this.#refuse(batch, code, error);
          break;
        }
        doubtful ||= connected;
        this.#noteFailure(batch, verdict.code, error);
        if (batch.every(({ delivery }) => delivery.over)) {
          if (doubtful) generation.retire();
          break;
        }
        if (verdict.kind === "renew") {
          generation.retire();
          generation.leave();
          generation = undefined;
        }
        await this.#backOff(attempt);
      }
    }
    generation.leave();
  }

  /** The first time with what others have for the same broker; after that alone. */
  #send(
    generation: ProducerGeneration,
    messages: Message[],
    attempt: number,
  ): Promise<void> {
    const place = { topic: this.#topic, partition: this.#partition };
    const leader = attempt === 1 ? this.#leader() : undefined;
    return leader === undefined
      ? generation.send(place.topic, place.partition, messages)
      : this.#producers.convoys.send(leader, generation, place, messages);
  }

  #messageOf({ record, timestampMs }: Entry): Message {
    return {
      key: record.key,
      value: record.value,
      headers: record.headers,
      partition: this.#partition,
      // Given here, so that a batch that is sent again is the same to the byte.
      timestamp: String(timestampMs),
    };
  }

  #acknowledge(batch: readonly Entry[]): void {
    this.#maxRecords = Number.POSITIVE_INFINITY;
    this.#observer.acknowledged(this.#topic, batch);
    for (const { delivery } of batch) delivery.settle();
  }

  /** A topic may take less than the request: half as many next time, in the same order. */
  #split(batch: readonly Entry[]): void {
    this.#maxRecords = Math.ceil(batch.length / 2);
    this.#queue = [...batch, ...this.#queue];
  }

  #refuse(
    batch: readonly Entry[],
    code: PublishErrorCode,
    cause: unknown,
  ): void {
    const error = this.#errorOf(code, cause, false);
    for (const { delivery } of batch) delivery.settle(error);
  }

  #noteFailure(
    batch: readonly Entry[],
    code: PublishErrorCode,
    cause: unknown,
  ): void {
    const error = this.#errorOf(code, cause, true);
    this.#observer.failing(error);
    for (const { delivery } of batch) delivery.note(error);
  }

  #errorOf(
    code: PublishErrorCode,
    cause: unknown,
    retryable: boolean,
  ): PublishError {
    const reason = cause instanceof Error ? cause.message : "no reason given";
    return new PublishError(
      code,
      this.#topic,
      `Partition ${this.#partition} of ${this.#topic} did not take the records: ${reason}`,
      { retryable, cause },
    );
  }

  async #backOff(attempt: number): Promise<void> {
    const exponent = Math.min(attempt - 1, 10);
    const longestMs = Math.min(
      FIRST_BACKOFF_MS * 2 ** exponent,
      MAX_BACKOFF_MS,
    );
    // Half of it at random, so that the lanes of many processes do not come back together.
    await delay(this.#clock, longestMs * (0.5 + Math.random() / 2));
  }
}
