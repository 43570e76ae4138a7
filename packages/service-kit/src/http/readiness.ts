import type { Clock } from "../clock.js";
import { messageOf } from "../errors.js";
import { maskText } from "../redaction.js";

/** Resolves while the dependency answers; rejects, with why, while it does not. */
export type DependencyCheck = () => Promise<void>;

export interface DependencyReport {
  readonly status: "up" | "down";
  readonly error?: string;
  readonly latencyMs: number;
}

export type DependencyReports = Readonly<Record<string, DependencyReport>>;

/** How long a dependency may take to answer. */
const CHECK_TIMEOUT_MS = 2_000;

/**
 * Asks every dependency at the same time. Probes that come while a round is
 * under way share its answer; no answer is kept after it.
 */
export function createDependencyProbe(
  dependencies: Readonly<Record<string, DependencyCheck>>,
  clock: Clock,
): () => Promise<DependencyReports> {
  let underWay: Promise<DependencyReports> | undefined;
  const round = async (): Promise<DependencyReports> => {
    const reports = await Promise.all(
      Object.entries(dependencies).map(
        async ([name, check]) => [name, await report(check, clock)] as const,
      ),
    );
    return Object.fromEntries(reports);
  };
  return () => {
    underWay ??= round().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}

async function report(
  check: DependencyCheck,
  clock: Clock,
): Promise<DependencyReport> {
  const startMs = clock.monotonicMs();
  const latencyMs = () => Math.round(clock.monotonicMs() - startMs);
  try {
    await bounded(check, clock);
    return { status: "up", latencyMs: latencyMs() };
  } catch (error) {
    return {
      status: "down",
      error: maskText(messageOf(error)),
      latencyMs: latencyMs(),
    };
  }
}

function bounded(check: DependencyCheck, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => {
      reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`));
    }, CHECK_TIMEOUT_MS);
    // Also catches a check that throws before it returns a promise.
    Promise.resolve()
      .then(check)
      .then(resolve, reject)
      .finally(() => {
        timer.cancel();
      });
  });
}
