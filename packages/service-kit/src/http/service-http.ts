import type { Express } from "express";
import express from "express";
import type { ServiceKit } from "../kit.js";
import { BODY_LIMIT_SETTING, jsonBody } from "./bodies.js";
import { errorHandler, notFound } from "./errors.js";
import { probes } from "./probes.js";
import type { DependencyCheck } from "./readiness.js";
import { requests, requestScope, type SuccessLogLevel } from "./requests.js";
import { securityHeaders } from "./security-headers.js";

/** What a body may have at most, in bytes, unless a service or route says otherwise. */
export const DEFAULT_BODY_LIMIT_BYTES = 64 * 1024;

export interface ServiceHttpOptions {
  readonly kit: ServiceKit;
  /** What the service needs to be ready, by name. */
  readonly dependencies: Readonly<Record<string, DependencyCheck>>;
  /** Adds the service's routes. */
  configure(app: Express): void;
  readonly bodyLimitBytes?: number;
  /**
   * `json` (default): every body is JSON, parsed before the routes. `per-route`:
   * nothing is read until a route says how, with `jsonBody()`, `formBody()` or
   * `rawBody()`; for services that take forms or signed webhooks.
   */
  readonly bodies?: "json" | "per-route";
  /**
   * Where requests that succeeded are logged. Default: `info`; `debug` for
   * services whose requests are so many and so alike that metrics tell more.
   */
  readonly successLogLevel?: SuccessLogLevel;
  /** For apps that are not run by `listen` or `runService`, which know by themselves. */
  readonly isShuttingDown?: () => boolean;
}

/**
 * The express application that every service has alike: request ids, security
 * headers, probes, metrics, body limits, problem+json for whatever fails. Starts
 * nothing.
 */
export function createServiceHttp(options: ServiceHttpOptions): Express {
  const { kit, dependencies, isShuttingDown } = options;
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  app.set(
    BODY_LIMIT_SETTING,
    options.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES,
  );
  app.use(requests(requestScope(kit, options.successLogLevel)));
  app.use(securityHeaders());
  app.use(probes({ kit, dependencies, isShuttingDown }));
  if (options.bodies !== "per-route") {
    app.use(jsonBody());
  }
  options.configure(app);
  app.use(notFound);
  app.use(errorHandler(kit.logger));
  return app;
}
