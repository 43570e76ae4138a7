import { Problem, type Clock } from "@easymo/service-kit";
import type { ErrorRequestHandler, RequestHandler } from "express";
import type { IngestMetrics, Surface } from "./metrics.js";

/** Measures each request of a surface. */
export function timed(
  surface: Surface,
  metrics: IngestMetrics,
  clock: Clock,
): RequestHandler {
  return (_req, res, next) => {
    const startMs = clock.monotonicMs();
    res.once("close", () => {
      metrics.took(surface, (clock.monotonicMs() - startMs) / 1_000);
    });
    next();
  };
}

/** Counts each request of a surface that was refused; the answer is the service kit's. */
export function refusals(
  surface: Surface,
  metrics: IngestMetrics,
): ErrorRequestHandler {
  return (error: unknown, _req, _res, next) => {
    metrics.request(surface, outcomeOf(error));
    next(error);
  };
}

const OUTCOMES: Readonly<Record<number, string>> = {
  401: "unauthorized",
  409: "in_flight",
  422: "mismatch",
  429: "rate_limited",
  503: "unavailable",
};

/** The name, among the metrics, of what an error makes of a request. */
export function outcomeOf(error: unknown): string {
  if (!(error instanceof Problem)) return "invalid";
  return OUTCOMES[error.status] ?? (error.status < 500 ? "invalid" : "failed");
}
