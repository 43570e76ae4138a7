import { setMaxListeners } from "node:events";
import type { TopicPartition } from "../bus/bus.js";
import { OffsetTracker } from "./offset-tracker.js";

/** When a partition takes a break from receiving, and when it goes on. */
export interface BufferLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
}

/** What a consumer knows about a partition while it is its own. */
export class OwnedPartition {
  readonly place: TopicPartition;
  readonly tracker = new OffsetTracker();
  readonly #lost = new AbortController();
  readonly #limits: BufferLimits;
  #records = 0;
  #bytes = 0;
  /** Whether reading waits for handling to catch up. */
  full = false;

  constructor(place: TopicPartition, limits: BufferLimits) {
    // Each record that waits for its time listens to it.
    setMaxListeners(Number.POSITIVE_INFINITY, this.#lost.signal);
    this.place = place;
    this.#limits = limits;
  }

  /** Aborted when the partition is someone else's. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  lose(): void {
    this.#lost.abort();
  }

  /** A record came in. True: it is enough for now. */
  fill(bytes: number): boolean {
    this.#records += 1;
    this.#bytes += bytes;
    const { maxRecords, maxBytes } = this.#limits;
    if (this.full) return false;
    this.full = this.#records >= maxRecords || this.#bytes >= maxBytes;
    return this.full;
  }

  /** A record is done. True: there is room again. */
  drain(bytes: number): boolean {
    this.#records -= 1;
    this.#bytes -= bytes;
    const { maxRecords, maxBytes } = this.#limits;
    const room = this.#records <= maxRecords / 2 && this.#bytes <= maxBytes / 2;
    if (!this.full || !room) return false;
    this.full = false;
    return true;
  }
}
