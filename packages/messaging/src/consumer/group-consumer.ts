import type { Logger } from "pino";
import type { PartitionLag } from "../bus/bus.js";
import { hostClock, type Clock } from "../clock.js";
import { busMetrics } from "../metrics.js";
import type { ConsumerOptions, EventConsumer } from "./event-consumer.js";
import { GroupIntake, type Received } from "./group-intake.js";
import { KeyLanes, type TaskOutcome } from "./key-lanes.js";
import { RecordHandler, type HandledOutcome } from "./record-handler.js";
import type { RetryState } from "./retry-headers.js";
import { within } from "./within.js";

const MIB = 1_024 * 1_024;
const DEFAULT_CONCURRENCY = 16;
const DEFAULT_STOP_TIMEOUT_MS = 20_000;
const ABORTED_GRACE_MS = 1_000;

/** One member of a group: reads the topics and the retry topic, handles by key, commits what is done. */
export class GroupConsumer implements EventConsumer {
  readonly #options: ConsumerOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #lanes: KeyLanes;
  readonly #handler: RecordHandler;
  readonly #intake: GroupIntake;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: ConsumerOptions) {
    const concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;
    const { bus, group, topics, fromBeginning = true } = options;
    const metrics = busMetrics(options.metrics);
    this.#options = options;
    this.#clock = options.clock ?? hostClock;
    this.#logger = options.logger.child({ group });
    const around = { clock: this.#clock, logger: this.#logger, metrics };
    this.#lanes = new KeyLanes(concurrency, this.#clock);
    this.#handler = new RecordHandler(options, around);
    this.#intake = new GroupIntake({
      ...around,
      bus,
      group,
      topics,
      fromBeginning,
      limits: {
        maxRecords: Math.max(256, concurrency * 32),
        maxBytes: 8 * MIB,
      },
      onReady: (received, state) => this.#enqueue(received, state),
      onPoison: (received, error) =>
        this.#push(received, received.record.topic, () =>
          this.#handler.deadLetterPoison(
            received.record,
            error,
            received.partition.signal,
          ),
        ),
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
    this.#lanes.pause();
    this.#intake.pause();
  }

  resume(): void {
    if (this.#stopping !== undefined) return;
    this.#lanes.resume();
    this.#intake.resume();
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
    this.pause();
    this.#intake.cancelWaiting();
    const idle = this.#lanes.idle();
    const timeoutMs = this.#options.stopTimeoutMs ?? DEFAULT_STOP_TIMEOUT_MS;
    if (!(await within(this.#clock, idle, timeoutMs))) {
      this.#logger.warn("handlers took too long to stop; aborting them");
      this.#intake.abort();
      await within(this.#clock, idle, ABORTED_GRACE_MS);
    }
    await this.#intake.end();
  }

  #enqueue(received: Received, state: RetryState): void {
    const { record, partition } = received;
    this.#push(received, state.originTopic, () =>
      this.#handler.handle(record, state, partition.signal),
    );
  }

  #push(
    received: Received,
    topic: string,
    handle: () => Promise<HandledOutcome>,
  ): void {
    this.#lanes.push(`${topic}\n${received.record.key}`, () =>
      this.#task(received, handle),
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
    if (outcome === "done") this.#intake.finish(received);
    return undefined;
  }
}
