import { delay, type Clock } from "../clock.js";
import type { IdempotencyStore } from "../store/store.js";

/** What came of asking to handle something that must be handled once. */
export type OnceResult =
  | { readonly outcome: "handled" | "duplicate" }
  /** Somebody else is at it, or the store is away. */
  | { readonly outcome: "later"; readonly afterMs: number }
  | {
      readonly outcome: "failed";
      readonly error: unknown;
      release(): Promise<void>;
    };

const STORE_AWAY_PAUSE_MS = 500;
const HANDLED = "handled";

export interface OnceOptions {
  readonly store: IdempotencyStore | undefined;
  readonly key: string;
  readonly leaseMs: number;
  readonly ttlMs: number;
  readonly clock: Clock;
}

/** Runs `work` unless it was done before, holding a claim that is renewed while it takes. */
export async function handleOnce(
  work: () => Promise<void>,
  { store, key, leaseMs, ttlMs, clock }: OnceOptions,
): Promise<OnceResult> {
  if (store === undefined) return attempt(work, () => Promise.resolve());
  const claim = await store
    .claim(key, { fingerprint: HANDLED, leaseMs })
    .catch(() => undefined);
  if (claim === undefined) {
    return { outcome: "later", afterMs: STORE_AWAY_PAUSE_MS };
  }
  if (claim.outcome === "in_flight") {
    // Released as a rule long before its lease ends.
    const afterMs = Math.min(claim.retryAfterMs, 1_000);
    return { outcome: "later", afterMs };
  }
  if (claim.outcome !== "claimed") return { outcome: "duplicate" };
  const { token } = claim;
  const renewing = new AbortController();
  const renewed = renew(store, key, token, leaseMs, clock, renewing.signal);
  const result = await attempt(work, () =>
    // Not given back, the claim ends with its lease.
    store.release(key, token).catch(() => undefined),
  );
  renewing.abort();
  await renewed;
  if (result.outcome === "handled") {
    await confirm(store, key, token, ttlMs, clock);
  }
  return result;
}

async function attempt(
  work: () => Promise<void>,
  release: () => Promise<void>,
): Promise<OnceResult> {
  try {
    await work();
    return { outcome: "handled" };
  } catch (error) {
    return { outcome: "failed", error, release };
  }
}

async function renew(
  store: IdempotencyStore,
  key: string,
  token: string,
  leaseMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await delay(clock, leaseMs / 3, signal);
    if (signal.aborted) return;
    // A store that is away now may be back before the lease ends.
    await store.extend(key, token, { leaseMs }).catch(() => false);
  }
}

/** Says that it is done, trying for a few seconds: unsaid, a redelivery after the lease would do it again. */
async function confirm(
  store: IdempotencyStore,
  key: string,
  token: string,
  ttlMs: number,
  clock: Clock,
): Promise<void> {
  for (let tries = 0; tries < 5; tries++) {
    try {
      await store.confirm(key, token, { answer: HANDLED, ttlMs });
      return;
    } catch {
      await delay(clock, STORE_AWAY_PAUSE_MS);
    }
  }
}
