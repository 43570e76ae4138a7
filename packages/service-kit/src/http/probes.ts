import type { RequestHandler, Router } from "express";
import express from "express";
import type { ServiceKit } from "../kit.js";
import { phaseOf } from "../phase.js";
import type { DependencyCheck } from "./readiness.js";
import { createDependencyProbe } from "./readiness.js";

/** Paths that have no access-log line, metric or span. */
export const PROBE_PATHS: ReadonlySet<string> = new Set([
  "/healthz",
  "/readyz",
  "/health",
  "/metrics",
]);

/** `/healthz`, `/readyz`, `/health` and `/metrics`. */
export function probes(options: {
  kit: ServiceKit;
  dependencies: Readonly<Record<string, DependencyCheck>>;
  isShuttingDown: (() => boolean) | undefined;
}): Router {
  const { kit, dependencies, isShuttingDown } = options;
  const probe = createDependencyProbe(dependencies, kit.clock);

  const ready: RequestHandler = async (req, res) => {
    const reports = await probe();
    const phase = isShuttingDown?.() === true ? "shutting_down" : phaseOf(req);
    const allUp = Object.values(reports).every(({ status }) => status === "up");
    const status =
      phase === "running" ? (allUp ? "ready" : "not_ready") : phase;
    res
      .status(status === "ready" ? 200 : 503)
      .set("cache-control", "no-store")
      .json({ status, dependencies: reports });
  };

  const router = express.Router();
  router.get("/healthz", (_req, res) => {
    res.set("cache-control", "no-store").json({ status: "ok" });
  });
  router.get("/readyz", ready);
  router.get("/health", ready);
  router.get("/metrics", async (_req, res) => {
    const { registry } = kit.metrics;
    res.set("content-type", registry.contentType);
    res.send(await registry.metrics());
  });
  return router;
}
