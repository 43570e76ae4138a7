import { randomUUID } from "node:crypto";
import type { Request, RequestHandler } from "express";
import type { RequestContext } from "../context.js";
import { requestContext, withRequestContext } from "../context.js";
import type { ServiceKit } from "../kit.js";
import { parseTraceparent } from "../tracing/traceparent.js";
import { PROBE_PATHS } from "./probes.js";

const SANE_REQUEST_ID = /^[\w.:-]{1,128}$/;

/** The caller's `x-request-id` when it is sane, else a new one. */
function requestIdOf(req: Request): string {
  const given = req.get("x-request-id");
  return given !== undefined && SANE_REQUEST_ID.test(given)
    ? given
    : randomUUID();
}

/** The route's pattern, never the path: paths hold numbers and ids. */
function routeOf(req: Request): string {
  const route: unknown = req.route;
  const path =
    typeof route === "object" && route !== null && "path" in route
      ? route.path
      : undefined;
  return typeof path === "string" ? req.baseUrl + path : "(none)";
}

/**
 * Gives each request its context (request id, tenant, trace), and at its end one
 * access-log line, one measurement and, when tracing, one span. Probes have none
 * of the three.
 */
export function requests(
  kit: ServiceKit,
  successLogLevel: "info" | "debug" = "info",
): RequestHandler {
  const { logger, clock, tracing } = kit;
  const seconds = httpMetrics(kit).seconds;
  return (req, res, next) => {
    const requestId = requestIdOf(req);
    res.set("x-request-id", requestId);
    const caller = parseTraceparent(req.get("traceparent"));
    const isProbe = PROBE_PATHS.has(req.path);
    const span = isProbe
      ? undefined
      : tracing?.startSpan(req.method, { kind: "server", traceparent: caller });
    const traceparent = span?.traceparent ?? caller;
    const context: RequestContext = {
      requestId,
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    const startMs = clock.monotonicMs();
    withRequestContext(context, () => {
      const own = requestContext();
      if (!isProbe && own !== undefined) {
        res.once("close", () => {
          const durationMs = clock.monotonicMs() - startMs;
          const route = routeOf(req);
          const { method } = req;
          const status = res.statusCode;
          const outcome = { method, route, status: String(status) };
          seconds.observe(outcome, durationMs / 1_000);
          span?.rename(`${method} ${route}`);
          span?.setAttributes({
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
          });
          span?.end(status >= 500 ? new Error(`status ${status}`) : undefined);
          withRequestContext(own, () => {
            const line = {
              method,
              route,
              status,
              durationMs: Math.round(durationMs * 1_000) / 1_000,
              ...(res.writableFinished ? {} : { aborted: true }),
            };
            const level = status >= 400 ? "info" : successLogLevel;
            logger[status >= 500 ? "error" : level](line, "request");
          });
        });
      }
      next();
    });
  };
}

/** `easymo_http_request_seconds{method,route,status}`. */
export function httpMetrics({ metrics }: ServiceKit) {
  return {
    seconds: metrics.histogram(
      "easymo_http_request_seconds",
      "Time from a request's headers to the end of its answer",
      ["method", "route", "status"],
    ),
  };
}
