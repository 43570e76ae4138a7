import type { Bagged } from "@easymo/bag";
import type { EasymoEvent } from "../events/event.js";
import type { Received } from "./group-intake.js";
import type { RetryState } from "./retry-headers.js";

/** An event on its way, to be settled once: by `done` or by `fail`. Until then its offset is not committed. */
export interface TakenEvent {
  readonly event: EasymoEvent;
  /** The topic that the event was first on. */
  readonly topic: string;
  /** 1 the first time; one more for each time that the record went through the retry topic. */
  readonly attempt: number;
  /** Aborted when the partition has gone to another member, or the consumer's stop ran out of patience. */
  readonly signal: AbortSignal;
  done(outcome?: "ok" | "duplicate"): void;
  /** What `fail` would do with this error. */
  next(error: unknown, failure?: Failure): "retry" | "dead_letter";
  /** Hands the record to the retry topic or to the dead letters, as `next` says; resolves when it is there. */
  fail(error: unknown, failure?: Failure): Promise<void>;
}

/** What kind of failure it was. */
export interface Failure {
  /**
   * Nothing was tried, because what the event needs is known to be away: it is postponed without counting an attempt, for as
   * long as all attempts together would take.
   */
  readonly untried?: boolean;
}

/** What became of an event, as the metrics say it. */
export type Settled = "ok" | "duplicate" | "retried" | "dead_letter";

/** How a consumer settles what it handed over. */
export interface Settling {
  startedMs(): number;
  done(taken: Taken, outcome: Settled): void;
  next(taken: Taken, error: unknown, failure: Failure): "retry" | "dead_letter";
  fail(taken: Taken, error: unknown, failure: Failure): Promise<void>;
}

/** A record that was read, on its way to be settled; what `TakenEvent` is to the consumer itself. */
export class Taken implements TakenEvent {
  readonly event: EasymoEvent;
  readonly received: Received;
  readonly state: RetryState;
  readonly startedMs: number;
  /** Where the consumer keeps it until it is settled. */
  open: Bagged<Taken> | undefined;
  readonly #settling: Settling;

  constructor(
    settling: Settling,
    event: EasymoEvent,
    received: Received,
    state: RetryState,
  ) {
    this.#settling = settling;
    this.event = event;
    this.received = received;
    this.state = state;
    this.startedMs = settling.startedMs();
  }

  get topic(): string {
    return this.state.originTopic;
  }

  get attempt(): number {
    return this.state.attempts + 1;
  }

  get signal(): AbortSignal {
    return this.received.partition.signal;
  }

  done(outcome: "ok" | "duplicate" = "ok"): void {
    this.#settling.done(this, outcome);
  }

  next(error: unknown, failure: Failure = {}): "retry" | "dead_letter" {
    return this.#settling.next(this, error, failure);
  }

  fail(error: unknown, failure: Failure = {}): Promise<void> {
    return this.#settling.fail(this, error, failure);
  }
}
