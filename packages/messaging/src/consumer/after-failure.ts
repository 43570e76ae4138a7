import { nextStep, postponedMs, type RetryState } from "./retry-headers.js";
import type { Failure } from "./taken-event.js";

/** What follows a failure, and with what the record goes there. */
export interface AfterFailure {
  readonly step: "retry" | "dead_letter";
  readonly state: RetryState;
}

export interface AfterFailureOptions {
  readonly retryDelaysMs: readonly number[];
  /** Epoch milliseconds. */
  readonly nowMs: number;
  /** 0 to 1 by chance, so that those who wait for the same do not come back together. */
  readonly spread: number;
}

/** Another attempt, a later look at what was not tried, or the dead letters. */
export function afterFailure(
  state: RetryState,
  error: unknown,
  failure: Failure,
  { retryDelaysMs, nowMs, spread }: AfterFailureOptions,
): AfterFailure {
  const sinceMs = state.sinceMs ?? nowMs;
  const waitMs =
    failure.untried === true
      ? postponedMs(nowMs - sinceMs, retryDelaysMs)
      : undefined;
  if (waitMs !== undefined) {
    const notBeforeMs = nowMs + waitMs * (0.75 + spread / 2);
    return { step: "retry", state: { ...state, notBeforeMs, sinceMs } };
  }
  const attempts = state.attempts + 1;
  const next = nextStep(attempts, retryDelaysMs, error);
  const delayMs = next.step === "retry" ? next.delayMs : 0;
  return {
    step: next.step,
    state: { ...state, attempts, notBeforeMs: nowMs + delayMs },
  };
}
