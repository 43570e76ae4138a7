const BUCKET_US = 5;
const BUCKETS = 100_000;

/** Milliseconds; undefined when nothing was recorded. */
export interface LatencySummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Latencies up to half a second to the nearest 5 µs; the longest one exactly. */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(BUCKETS);
  #count = 0;
  #maxUs = 0;

  record(us: number): void {
    const bucket = Math.min(BUCKETS - 1, Math.floor(us / BUCKET_US));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count += 1;
    if (us > this.#maxUs) this.#maxUs = us;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#maxUs = 0;
  }

  summary(): LatencySummary {
    return {
      count: this.#count,
      p50Ms: this.#rank(0.5),
      p99Ms: this.#rank(0.99),
      maxMs: this.#maxUs / 1_000,
    };
  }

  /** Nearest rank, at the upper edge of its bucket. */
  #rank(share: number): number {
    let left = Math.ceil(share * this.#count);
    for (let bucket = 0; bucket < BUCKETS - 1 && left > 0; bucket++) {
      left -= this.#counts[bucket] ?? 0;
      if (left <= 0)
        return Math.min((bucket + 1) * BUCKET_US, this.#maxUs) / 1_000;
    }
    return this.#maxUs / 1_000;
  }
}
