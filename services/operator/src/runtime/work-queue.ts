import type { Clock, Timer } from "@easymo/service-kit";
import { backoffMs } from "./backoff.js";
import { keyText, type ObjectKey } from "./object-key.js";
import { TokenBucket } from "./token-bucket.js";

export interface WorkQueueOptions {
  /** How long a key waits after its first failure in a row, and at most. */
  readonly retryFirstMs?: number;
  readonly retryLongestMs?: number;
  /** How many retries of all keys together may come in a second, and how many at once. */
  readonly retriesPerSecond?: number;
  readonly retriesAtOnce?: number;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random?: () => number;
}

interface Delayed {
  readonly key: ObjectKey;
  readonly dueMs: number;
  readonly timer: Timer;
}

/**
 * Keys that want a look. One that waits already is not added twice; one that a worker has is given out again only after
 * that worker is done with it, and then it is, so that no change is missed and no key is in two hands.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #retry: { readonly firstMs: number; readonly longestMs: number };
  readonly #retries: TokenBucket;
  /** Waiting, in the order of coming. */
  readonly #ready = new Map<string, ObjectKey>();
  readonly #inHands = new Set<string>();
  /** Came again while a worker has them. */
  readonly #again = new Map<string, ObjectKey>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #failures = new Map<string, number>();
  readonly #takers: (() => void)[] = [];

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock;
    this.#random = options.random ?? Math.random;
    this.#retry = {
      firstMs: options.retryFirstMs ?? 200,
      longestMs: options.retryLongestMs ?? 60_000,
    };
    this.#retries = new TokenBucket({
      perSecond: options.retriesPerSecond ?? 50,
      atOnce: options.retriesAtOnce ?? 200,
      clock: options.clock,
    });
  }

  /** How many keys wait for a worker now; those that wait for their time are not counted. */
  get depth(): number {
    return this.#ready.size + this.#again.size;
  }

  /** Wants a look as soon as a worker is free. */
  add(key: ObjectKey): void {
    const text = keyText(key);
    this.#undelay(text);
    if (this.#inHands.has(text)) {
      this.#again.set(text, key);
      return;
    }
    if (this.#ready.has(text)) return;
    this.#ready.set(text, key);
    this.#takers.shift()?.();
  }

  /** Wants a look after a while; of several times for one key the earliest counts. */
  addAfter(key: ObjectKey, delayMs: number): void {
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const text = keyText(key);
    if (this.#ready.has(text) || this.#again.has(text)) return;
    const dueMs = this.#clock.monotonicMs() + delayMs;
    const before = this.#delayed.get(text);
    if (before !== undefined && before.dueMs <= dueMs) return;
    before?.timer.cancel();
    const timer = this.#clock.setTimeout(() => this.add(key), delayMs);
    this.#delayed.set(text, { key, dueMs, timer });
  }

  /**
   * Wants another look after a failure: later each time, until it is forgotten. Gives how long it waits.
   *
   * @param atLeastMs what the one who refused asked for
   */
  addRateLimited(key: ObjectKey, atLeastMs = 0): number {
    const text = keyText(key);
    const failures = (this.#failures.get(text) ?? 0) + 1;
    this.#failures.set(text, failures);
    const delayMs = Math.max(
      backoffMs(failures, this.#retry, this.#random()),
      this.#retries.take(),
      atLeastMs,
    );
    this.addAfter(key, delayMs);
    return delayMs;
  }

  /** It went well: the next failure of the key is its first. */
  forget(key: ObjectKey): void {
    this.#failures.delete(keyText(key));
  }

  /** The next key, in this worker's hands from now on; undefined when it is given up. */
  async take(signal: AbortSignal): Promise<ObjectKey | undefined> {
    for (;;) {
      if (signal.aborted) {
        // Who was woken for a key and does not take it wakes another.
        if (this.#ready.size > 0) this.#takers.shift()?.();
        return undefined;
      }
      for (const [text, key] of this.#ready) {
        this.#ready.delete(text);
        this.#inHands.add(text);
        return key;
      }
      await this.#somethingCame(signal);
    }
  }

  /** The worker is finished with the key, whatever came of it. */
  done(key: ObjectKey): void {
    const text = keyText(key);
    this.#inHands.delete(text);
    if (this.#again.delete(text)) this.add(key);
  }

  /** Drops what waits; what is in hands stays there. */
  clear(): void {
    this.#ready.clear();
    this.#again.clear();
    this.#failures.clear();
    for (const text of [...this.#delayed.keys()]) this.#undelay(text);
  }

  #undelay(text: string): void {
    this.#delayed.get(text)?.timer.cancel();
    this.#delayed.delete(text);
  }

  #somethingCame(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener("abort", giveUp);
        resolve();
      };
      const giveUp = (): void => {
        const at = this.#takers.indexOf(wake);
        if (at >= 0) this.#takers.splice(at, 1);
        resolve();
      };
      this.#takers.push(wake);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }
}
