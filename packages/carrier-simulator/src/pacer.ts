import type { Clock, Timer } from "@easymo/service-kit";

/** Something that happens once a period until it is taken off the pacer. */
export interface Paced {
  /** One period has passed. */
  tick(): void;
}

interface Entry {
  readonly paced: Paced;
  dueMs: number;
  active: boolean;
}

/**
 * One timer for every call. All periods are alike, so whoever is due next is
 * always at the head of a queue; each call keeps the phase at which it
 * started, as calls on a real network do, and a late timer is caught up with.
 */
export class Pacer {
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #entries = new Map<Paced, Entry>();
  #queue: Entry[] = [];
  #head = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, periodMs: number) {
    this.#clock = clock;
    this.#periodMs = periodMs;
  }

  /** How many are being paced. */
  get size(): number {
    return this.#entries.size;
  }

  /** Ticks `paced` every period, the first time one period from now. */
  add(paced: Paced): void {
    if (this.#entries.has(paced)) return;
    const dueMs = this.#clock.monotonicMs() + this.#periodMs;
    const entry: Entry = { paced, dueMs, active: true };
    this.#entries.set(paced, entry);
    this.#queue.push(entry);
    this.#arm();
  }

  /** Never ticks `paced` again. */
  remove(paced: Paced): void {
    const entry = this.#entries.get(paced);
    if (entry === undefined) return;
    entry.active = false;
    this.#entries.delete(paced);
    if (this.#entries.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#queue = [];
    this.#head = 0;
  }

  #arm(): void {
    if (this.#timer !== undefined) return;
    const next = this.#queue[this.#head];
    if (next === undefined) return;
    const waitMs = Math.max(0, next.dueMs - this.#clock.monotonicMs());
    this.#timer = this.#clock.setTimeout(() => this.#run(), waitMs);
  }

  #run(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.monotonicMs();
    for (;;) {
      const entry = this.#queue[this.#head];
      if (entry === undefined || entry.dueMs > nowMs) break;
      this.#head += 1;
      if (!entry.active) continue;
      entry.dueMs += this.#periodMs;
      this.#queue.push(entry);
      entry.paced.tick();
    }
    this.#compact();
    this.#arm();
  }

  #compact(): void {
    if (this.#head < 4096) return;
    this.#queue = this.#queue.slice(this.#head);
    this.#head = 0;
  }
}
