import type { AgentCoreError } from "./errors.js";

export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  maxAttempts: 3,
  firstDelayMs: 100,
  maxDelayMs: 1_000,
};

/**
 * How long to wait before the next attempt, or undefined when there is none: the failure stays, the attempts are used up,
 * or the wait would pass the deadline. Full jitter, never less than the server asked for. Pure.
 */
export function nextDelayMs(situation: {
  error: AgentCoreError;
  attempt: number;
  remainingMs: number;
  random: number;
  policy: RetryPolicy;
}): number | undefined {
  const { error, attempt, remainingMs, random, policy } = situation;
  if (!error.retryable || error.code === "circuit_open") return undefined;
  if (attempt >= policy.maxAttempts) return undefined;
  const ceilingMs = Math.min(
    policy.firstDelayMs * 2 ** (attempt - 1),
    policy.maxDelayMs,
  );
  const delayMs = Math.max(random * ceilingMs, error.retryAfterMs ?? 0);
  return delayMs < remainingMs ? delayMs : undefined;
}
