import type { Clock } from "@easymo/service-kit";

/** How many are at work at once. */
export interface PlacesOptions {
  readonly first: number;
  readonly most: number;
  readonly clock: Clock;
}

const FEWEST = 2;
/** A burst of failures is one reason to take less, not hundreds. */
const SHRINK_PAUSE_MS = 250;

/**
 * What is at work at once for one thing that effects depend on: one that is slow leaves the others their places. How many
 * depends on how it does: a little more with each success, half of it when it shows that it is too much (AIMD, as TCP
 * finds its rate).
 */
export class Places {
  readonly #most: number;
  readonly #clock: Clock;
  #limit: number;
  #taken = 0;
  #shrunkAtMs = Number.NEGATIVE_INFINITY;
  readonly #waiting: (() => void)[] = [];

  constructor({ first, most, clock }: PlacesOptions) {
    this.#limit = first;
    this.#most = most;
    this.#clock = clock;
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** @param isTooMuch whether a failure says that the other side cannot follow */
  async run<T>(
    work: () => Promise<T>,
    isTooMuch: (error: unknown) => boolean,
  ): Promise<T> {
    if (this.#taken >= this.limit)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#taken += 1;
    try {
      const result = await work();
      this.#limit = Math.min(this.#most, this.#limit + 2 / this.#limit);
      return result;
    } catch (error) {
      if (isTooMuch(error)) this.#shrink();
      throw error;
    } finally {
      this.#taken -= 1;
      this.#fill();
    }
  }

  #shrink(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#shrunkAtMs < SHRINK_PAUSE_MS) return;
    this.#shrunkAtMs = nowMs;
    this.#limit = Math.max(FEWEST, this.#limit / 2);
  }

  #fill(): void {
    while (this.#taken < this.limit) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#taken += 1;
      next();
    }
  }
}

/** Runs what has one key in the order in which it came, and what has different keys at the same time. */
export class Lanes {
  readonly #tails = new Map<string, Promise<unknown>>();

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key);
    const now = before === undefined ? work() : before.then(work, work);
    this.#tails.set(key, now);
    const forget = (): void => {
      if (this.#tails.get(key) === now) this.#tails.delete(key);
    };
    now.then(forget, forget);
    return now;
  }
}
