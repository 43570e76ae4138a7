/** One at a time for each number: who looks at one and then sets it must not be between another's look and setting. */
export class NumberLocks {
  readonly #last = new Map<string, Promise<unknown>>();

  async run<T>(
    { kind, address }: { readonly kind: string; readonly address: string },
    work: () => Promise<T>,
  ): Promise<T> {
    const number = `${kind} ${address}`;
    const before = this.#last.get(number) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#last.set(number, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(number) === mine) this.#last.delete(number);
    }
  }
}
