/** Tells one request that nobody waits for it any more: what an AbortSignal does, for one listener and thousands a second. */
export class GiveUp {
  #isOver = false;
  #listener: (() => void) | undefined;

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Calls the listener when it is over, at once when it is; in place of the one before. */
  listen(listener: () => void): void {
    if (this.#isOver) listener();
    else this.#listener = listener;
  }

  /** What was listened for is done. */
  unlisten(): void {
    this.#listener = undefined;
  }

  now(): void {
    this.#isOver = true;
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.();
  }
}
