/** What was seen while so many calls were carried. */
export interface CarriedCalls {
  /** The worse of both directions. */
  readonly p99Ms: number;
  /** Frames lost, changed or out of order, and calls dropped. */
  readonly faults: number;
  /** For how much of a second what is measured had to wait for its core. */
  readonly waitedMsPerSecond: number;
  readonly generator: {
    /** Of its core. */
    readonly cpu: number;
    readonly waitedMsPerSecond: number;
    readonly latenessP99Ms: number;
  };
}

/** Whether the calls were held; if not, who is to blame. */
export type HeldCalls = "held" | "subject" | "generator" | "neighbours";

export const MOST_P99_MS = 20;
/** More than that is not what a kernel's own threads take. */
const MOST_WAITED_MS_PER_SECOND = 20;
/** Later than that, frames are late before they are sent. */
const MOST_LATENESS_MS = MOST_P99_MS / 2;
const FULL_CORE = 0.95;

/** A number of calls says something about what is measured only while it had its core, and the generator was in time. */
export function judge(carried: CarriedCalls): HeldCalls {
  const { p99Ms, faults, waitedMsPerSecond, generator } = carried;
  if (p99Ms < MOST_P99_MS && faults === 0) return "held";
  const waited = Math.max(waitedMsPerSecond, generator.waitedMsPerSecond);
  if (waited > MOST_WAITED_MS_PER_SECOND) return "neighbours";
  if (generator.cpu > FULL_CORE || generator.latenessP99Ms > MOST_LATENESS_MS)
    return "generator";
  return "subject";
}
