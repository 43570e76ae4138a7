import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type { Flow } from "./flow.js";

const POLL_MS = 20;
const SETTLE_TIMEOUT_MS = 5_000;

/** Resolves when it is reached; rejects with the complaint when it is not in time. */
export async function until(
  reached: () => boolean,
  timeoutMs: number,
  complaint: () => string,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!reached()) {
    if (performance.now() > deadlineMs) throw new Error(complaint());
    await delay(POLL_MS);
  }
}

/** Resolves when everything that was sent has arrived, or nothing more does. */
export async function settled(flows: readonly Flow[]): Promise<void> {
  const missing = (): number =>
    flows.reduce((sum, flow) => sum + flow.withLost().lost, 0);
  const deadlineMs = performance.now() + SETTLE_TIMEOUT_MS;
  while (missing() > 0 && performance.now() < deadlineMs) await delay(POLL_MS);
}
