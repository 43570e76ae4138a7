import { secondsBuckets, type Metrics } from "@easymo/service-kit";

/** How a look at a key ended. */
export type ReconcileOutcome = "success" | "error" | "conflict" | "not_leader";

export interface ReconcileMetrics {
  looked(outcome: ReconcileOutcome, durationMs: number): void;
}

export function reconcileMetrics(
  metrics: Metrics,
  controller: string,
  depth: () => number,
): ReconcileMetrics {
  const total = metrics.counter(
    "easymo_operator_reconcile_total",
    "Looks at an object, by controller and outcome.",
    ["controller", "outcome"],
  );
  const seconds = metrics.histogram(
    "easymo_operator_reconcile_seconds",
    "How long a look at an object took.",
    ["controller"],
    secondsBuckets,
  );
  metrics.gauge(
    "easymo_operator_queue_depth",
    "Objects that wait for a look.",
    ["controller"],
    (gauge) => gauge.set({ controller }, depth()),
  );
  return {
    looked: (outcome, durationMs) => {
      total.inc({ controller, outcome });
      seconds.observe({ controller }, durationMs / 1_000);
    },
  };
}
