import { readFileSync } from "node:fs";

/**
 * Milliseconds that this process's main thread was ready to run and had to
 * wait for its core, since it began: what neighbours took from it. 0 where the
 * kernel does not say.
 * Source: <https://docs.kernel.org/scheduler/sched-stats.html>
 */
export function waitedForCoreMs(): number {
  try {
    const [, waitedNs = "0"] = readFileSync(SCHEDSTAT, "ascii").split(" ");
    return Number(waitedNs) / 1_000_000;
  } catch {
    return 0;
  }
}

const SCHEDSTAT = "/proc/self/schedstat";
