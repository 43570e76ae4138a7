/** What is at work at once for each thing that effects depend on: one that is slow leaves the others their places. */
export class Places {
  readonly #most: number;
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#taken >= this.#most)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#taken += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // The place goes to whoever waits longest, without being free in between.
      if (next === undefined) this.#taken -= 1;
      else next();
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
