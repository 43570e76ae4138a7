import type { Clock } from "@easymo/service-kit";

const BURST_SECONDS = 2;

interface Bucket {
  tokens: number;
  filledMs: number;
}

/** A token bucket per tenant: so many events per second for long, twice as many at once. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
  }

  /** Takes one event's worth. Undefined when it was there; else after how many milliseconds it will be. */
  take(tenantId: string): number | undefined {
    const bucket = this.#filled(tenantId);
    if (bucket.tokens < 1)
      return ((1 - bucket.tokens) / this.#perSecond) * 1_000;
    bucket.tokens -= 1;
    return undefined;
  }

  /** Charges what turned out to be in a batch: a debt that later requests wait for. */
  charge(tenantId: string, events: number): void {
    this.#filled(tenantId).tokens -= events;
  }

  #filled(tenantId: string): Bucket {
    const nowMs = this.#clock.monotonicMs();
    const most = this.#perSecond * BURST_SECONDS;
    const bucket = this.#buckets.get(tenantId);
    if (bucket === undefined) {
      const full = { tokens: most, filledMs: nowMs };
      this.#buckets.set(tenantId, full);
      return full;
    }
    const seconds = (nowMs - bucket.filledMs) / 1_000;
    bucket.tokens = Math.min(most, bucket.tokens + seconds * this.#perSecond);
    bucket.filledMs = nowMs;
    return bucket;
  }
}
