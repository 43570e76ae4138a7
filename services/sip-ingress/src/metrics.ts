import { secondsBuckets, type Metrics } from "@easymo/service-kit";

const FINE_SECONDS = [0.0005, ...secondsBuckets];

/** Where requests come in. */
export type Surface = "sip" | "openai";

/** The service's own metrics. */
export interface IngestMetrics {
  /** What became of one event; a batch counts each of its events. */
  request(surface: Surface, outcome: string): void;
  /** How long a request took. */
  took(surface: Surface, seconds: number): void;
  /** What a claim on a key found, or how it ended. */
  claim(surface: Surface, outcome: string): void;
}

/** The metrics under the names that dashboards know. */
export function ingestMetrics(metrics: Metrics): IngestMetrics {
  const requests = metrics.counter(
    "easymo_ingest_requests_total",
    "Events that were sent in, by surface and what became of them",
    ["surface", "outcome"],
  );
  const seconds = metrics.histogram(
    "easymo_ingest_seconds",
    "From a request's headers to its answer",
    ["surface"],
    FINE_SECONDS,
  );
  const idempotency = metrics.counter(
    "easymo_idempotency_total",
    "What claims on idempotency keys found, and how they ended",
    ["surface", "outcome"],
  );
  return {
    request: (surface, outcome) => requests.inc({ surface, outcome }),
    took: (surface, value) => seconds.observe({ surface }, value),
    claim: (surface, outcome) => idempotency.inc({ surface, outcome }),
  };
}
