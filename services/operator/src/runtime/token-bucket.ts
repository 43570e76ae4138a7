import type { Clock } from "@easymo/service-kit";

/** So many a second on average, so many at once. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #atOnce: number;
  readonly #clock: Clock;
  #tokens: number;
  #countedMs: number;

  constructor(options: { perSecond: number; atOnce: number; clock: Clock }) {
    this.#perSecond = options.perSecond;
    this.#atOnce = options.atOnce;
    this.#clock = options.clock;
    this.#tokens = options.atOnce;
    this.#countedMs = options.clock.monotonicMs();
  }

  /** Takes one, and gives how long to wait for it, in milliseconds: 0 when it is there. */
  take(): number {
    this.#refill();
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#perSecond) * 1_000;
  }

  /** Takes one if it is there. */
  tryTake(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  #refill(): void {
    const nowMs = this.#clock.monotonicMs();
    const gained = ((nowMs - this.#countedMs) / 1_000) * this.#perSecond;
    this.#tokens = Math.min(this.#atOnce, this.#tokens + gained);
    this.#countedMs = nowMs;
  }
}
