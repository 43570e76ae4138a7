/** A status is no clock: it is written so often at most. */
const AT_LEAST_MS = 60_000;

/** All channels together are written so often at most: ten times a second. */
const PER_CHANNEL_MS = 100;

/** What is to be done about a channel's `lastTrafficTime`. */
export type TrafficDecision =
  | { readonly kind: "same" }
  | { readonly kind: "write"; readonly atMs: number }
  | { readonly kind: "later"; readonly inMs: number };

/**
 * Whether the last traffic is to be written now: at once when the status says nothing of it yet, else a minute after
 * the last time it was written, and later when there are many channels. Pure.
 */
export function decideTraffic(observed: {
  readonly lastAtMs: number | undefined;
  /** What the status says. */
  readonly toldAtMs: number | undefined;
  readonly writtenAtMs: number | undefined;
  readonly channels: number;
  readonly nowMs: number;
}): TrafficDecision {
  const { lastAtMs, toldAtMs, writtenAtMs, channels, nowMs } = observed;
  if (lastAtMs === undefined) return { kind: "same" };
  // A pod's clock may be ahead; a status never is. Seconds are all that a status tells.
  const atMs = Math.floor(Math.min(lastAtMs, nowMs) / 1_000) * 1_000;
  if (toldAtMs !== undefined && atMs <= toldAtMs) return { kind: "same" };
  const everyMs = Math.max(AT_LEAST_MS, channels * PER_CHANNEL_MS);
  const since = writtenAtMs ?? toldAtMs;
  const inMs = since === undefined ? 0 : since + everyMs - nowMs;
  return inMs <= 0 ? { kind: "write", atMs } : { kind: "later", inMs };
}
