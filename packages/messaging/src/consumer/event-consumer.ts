import type { Logger } from "pino";
import type { Bus, PartitionLag, ReceivedRecord } from "../bus/bus.js";
import type { Clock } from "../clock.js";
import type { EasymoEvent } from "../events/event.js";
import type { MetricsSource } from "../metrics.js";
import type { IdempotencyStore } from "../store/store.js";

/** What a handler knows besides the event. */
export interface HandlerContext {
  /** As it came; on the retry topic, with the headers that say so. */
  readonly record: ReceivedRecord;
  /** The topic that the event was first on. */
  readonly topic: string;
  /** 1 the first time; one more for each time that the record went through the retry topic. */
  readonly attempt: number;
  /** Aborted when the partition has gone to another member or the consumer's stop ran out of patience. */
  readonly signal: AbortSignal;
}

/**
 * Handles one event. A rejection sends it to the retry topic, and after the last attempt to the dead letters; one with an
 * error whose `retryable` is false goes to the dead letters at once.
 */
export type EventHandler = (
  event: EasymoEvent,
  context: HandlerContext,
) => Promise<void>;

export interface ConsumerOptions {
  readonly bus: Bus;
  readonly group: string;
  readonly topics: readonly string[];
  readonly handler: EventHandler;
  /** Events handled at once, each of another key. Default: 16. */
  readonly concurrency?: number;
  /** How long to wait before each further attempt; as many attempts follow the first. Default: 1 s, 5 s, 30 s, 2 min, 10 min. */
  readonly retryDelaysMs?: readonly number[];
  /** Where ids that were handled are remembered across replicas; without it a redelivered event is handled again. */
  readonly handled?: IdempotencyStore;
  /** How long a handled id is remembered. Default: 7 days. */
  readonly handledTtlMs?: number;
  /** How long the claim on an event outlives the process that was handling it; it is renewed meanwhile. Default: 15 s. */
  readonly leaseMs?: number;
  /** How long `stop` waits for handlers before it aborts their signals. Default: 20 s. */
  readonly stopTimeoutMs?: number;
  /** Where a group that never committed starts. Default: true, so that nothing is passed over. */
  readonly fromBeginning?: boolean;
  readonly logger: Logger;
  readonly metrics: MetricsSource;
  readonly clock?: Clock;
}

/** A running consumer group member that handles events. */
export interface EventConsumer {
  /** Begins; does not wait for the brokers. */
  start(): Promise<void>;
  /** Resolves when the group has given this member its first partitions. */
  joined(): Promise<void>;
  /** Takes nothing new; what is being handled goes on. */
  pause(): void;
  resume(): void;
  /** Takes nothing new, waits for what is being handled, commits, leaves the group. */
  stop(): Promise<void>;
  lag(): Promise<readonly PartitionLag[]>;
}
