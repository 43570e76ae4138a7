/** How many may go at once, and how fast more may follow. */
export interface Rate {
  readonly burst: number;
  /** One more each so many milliseconds. */
  readonly everyMs: number;
}

/** What is left in a bucket, and since when. */
export interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** One token of a bucket, or how long to wait for it. A bucket that was never used is full. Pure. */
export function takeToken(
  bucket: Bucket | undefined,
  rate: Rate,
  nowMs: number,
): { taken: true; bucket: Bucket } | { taken: false; waitMs: number } {
  const tokens = tokensAt(bucket, rate, nowMs);
  // The clocks of two replicas may differ: time never runs backwards in a bucket.
  const atMs = Math.max(nowMs, bucket?.atMs ?? nowMs);
  if (tokens >= 1) return { taken: true, bucket: { tokens: tokens - 1, atMs } };
  return { taken: false, waitMs: Math.ceil((1 - tokens) * rate.everyMs) };
}

function tokensAt(
  bucket: Bucket | undefined,
  rate: Rate,
  nowMs: number,
): number {
  if (bucket === undefined) return rate.burst;
  const gained = Math.max(0, nowMs - bucket.atMs) / rate.everyMs;
  return Math.min(rate.burst, bucket.tokens + gained);
}
