import { performance } from "node:perf_hooks";
import { waitedForCoreMs } from "../load/core-wait.js";
import type { Usage } from "./protocol.js";

/** What this process has used so far. */
export function usageNow(): Usage {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    atMs: performance.now(),
    cpuUserMs: user / 1_000,
    cpuSystemMs: system / 1_000,
    rssBytes: rss,
    heapBytes: heapUsed,
    externalBytes: external,
    waitedMs: waitedForCoreMs(),
  };
}
