import type { FlowReport, FlowTotals } from "./flow.js";
import type { LatencySummary } from "./latency-histogram.js";

/** What went by in one window of time. */
export interface WindowReport {
  readonly durationMs: number;
  readonly inbound: FlowReport;
  readonly outbound: FlowReport;
  readonly marksReturned: number;
  /** How late the generator itself was. */
  readonly lateness: LatencySummary;
  /** Of its core, what the generator used for other than polling. */
  readonly generatorCpu: number;
  /** How long the generator waited for its core. */
  readonly generatorWaitedMs: number;
}

/** What went by in all. What was lost is known only when nothing more comes. */
export interface LoadTotals {
  readonly inbound: FlowTotals;
  readonly outbound: FlowTotals;
  readonly marksReturned: number;
  /** Calls whose connection the other side ended before its caller hung up. */
  readonly dropped: number;
}
