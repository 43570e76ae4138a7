/** Gathers what comes within one turn of the event loop and hands it over as one. */
export class TurnBatch<T, R> {
  readonly #carryOut: (items: readonly T[]) => Promise<readonly R[]>;
  #items: T[] = [];
  #waiting: PromiseWithResolvers<R>[] = [];

  /** @param carryOut gives one result per item, in their order */
  constructor(carryOut: (items: readonly T[]) => Promise<readonly R[]>) {
    this.#carryOut = carryOut;
  }

  add(item: T): Promise<R> {
    if (this.#items.length === 0) setImmediate(() => void this.#flush());
    const waiting = Promise.withResolvers<R>();
    this.#items.push(item);
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  async #flush(): Promise<void> {
    const [items, waiting] = [this.#items, this.#waiting];
    this.#items = [];
    this.#waiting = [];
    try {
      const results = await this.#carryOut(items);
      for (const [at, { resolve, reject }] of waiting.entries()) {
        const result = results[at];
        if (result === undefined) reject(new Error("no result"));
        else resolve(result);
      }
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}
