/**
 * Tells that nobody waits for something any more: what an AbortSignal does, for the few that listen to one request, and for
 * thousands of requests a second.
 */
export class GiveUp {
  #isOver = false;
  readonly #listeners: (() => void)[] = [];

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Calls the listener when it is over, at once when it is. */
  listen(listener: () => void): void {
    if (this.#isOver) listener();
    else this.#listeners.push(listener);
  }

  /** What was listened for is done. */
  unlisten(listener: () => void): void {
    const at = this.#listeners.indexOf(listener);
    if (at !== -1) this.#listeners.splice(at, 1);
  }

  now(): void {
    this.#isOver = true;
    for (const listener of this.#listeners.splice(0)) listener();
  }
}
