/** First audio after the caller's turn, in milliseconds. */
export interface LatencySummary {
  turns: number;
  p50: number | null;
  p95: number | null;
  max: number | null;
}

/** Nearest-rank percentiles. */
export function latencyOf(latenciesMs: readonly number[]): LatencySummary {
  const sorted = [...latenciesMs].sort((a, b) => a - b);
  const rank = (share: number): number | null => {
    const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
    return value === undefined ? null : Math.round(value * 10) / 10;
  };
  return {
    turns: sorted.length,
    p50: rank(0.5),
    p95: rank(0.95),
    max: rank(1),
  };
}
