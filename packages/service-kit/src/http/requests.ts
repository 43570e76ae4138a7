import type { IncomingMessage, ServerResponse } from "node:http";
import type { Request, RequestHandler } from "express";
import type { RequestContext } from "../context.js";
import {
  requestContext,
  saneRequestId,
  withRequestContext,
} from "../context.js";
import type { ServiceKit } from "../kit.js";
import { parseTraceparent } from "../tracing/traceparent.js";
import { PROBE_PATHS } from "./probes.js";

/** The route's pattern, never the path: paths hold numbers and ids. */
function routeOf(req: Request): string {
  const route: unknown = req.route;
  const path =
    typeof route === "object" && route !== null && "path" in route
      ? route.path
      : undefined;
  return typeof path === "string" ? req.baseUrl + path : "(none)";
}

/** Where requests that succeeded are logged. */
export type SuccessLogLevel = "info" | "debug";

/** What is known of a request besides itself. */
export interface RequestAbout {
  readonly isProbe: boolean;
  /** Asked when the request is over. */
  readonly route: () => string;
  readonly done?: (durationMs: number) => void;
}

/** Serves a request within its context; see `requestScope`. */
export type RequestScope = (
  req: IncomingMessage,
  res: ServerResponse,
  about: RequestAbout,
  serve: (requestId: string) => void,
) => void;

/**
 * Gives each request its context (request id, tenant, trace), and at its end one
 * access-log line, one measurement and, when tracing, one span. Probes have none
 * of the three.
 */
export function requestScope(
  kit: ServiceKit,
  successLogLevel: SuccessLogLevel = "info",
): RequestScope {
  const { clock, tracing } = kit;
  const { seconds } = httpMetrics(kit);
  const log = accessLog(kit, successLogLevel);
  return (req, res, { isProbe, route, done }, serve) => {
    const requestId = saneRequestId(req.headers["x-request-id"]);
    const method = req.method ?? "";
    const caller = parseTraceparent(req.headers.traceparent);
    const span = isProbe
      ? undefined
      : tracing?.startSpan(method, { kind: "server", traceparent: caller });
    const traceparent = span?.traceparent ?? caller;
    const context: RequestContext =
      traceparent === undefined ? { requestId } : { requestId, traceparent };
    const startMs = clock.monotonicMs();
    withRequestContext(context, () => {
      const own = requestContext();
      if (!isProbe && own !== undefined)
        res.once("close", () => {
          const durationMs = clock.monotonicMs() - startMs;
          const status = res.statusCode;
          const found = { method, route: route(), status };
          seconds.observe(
            { ...found, status: String(status) },
            durationMs / 1_000,
          );
          span?.rename(`${method} ${found.route}`);
          span?.setAttributes({
            "http.request.method": method,
            "http.route": found.route,
            "http.response.status_code": status,
          });
          span?.end(status >= 500 ? new Error(`status ${status}`) : undefined);
          done?.(durationMs);
          log(own, found, durationMs, res.writableFinished);
        });
      serve(requestId);
    });
  };
}

/** One line per request; made only when its level is written. */
function accessLog(
  { logger }: ServiceKit,
  successLogLevel: SuccessLogLevel,
): (
  context: RequestContext,
  found: { method: string; route: string; status: number },
  durationMs: number,
  isFinished: boolean,
) => void {
  return (context, found, durationMs, isFinished) => {
    const { status } = found;
    const below = status >= 400 ? "info" : successLogLevel;
    const level = status >= 500 ? "error" : below;
    if (!logger.isLevelEnabled(level)) return;
    withRequestContext(context, () => {
      const line = {
        ...found,
        durationMs: Math.round(durationMs * 1_000) / 1_000,
        ...(isFinished ? {} : { aborted: true }),
      };
      logger[level](line, "request");
    });
  };
}

/** `requestScope` for everything behind it. */
export function requests(scope: RequestScope): RequestHandler {
  return (req, res, next) => {
    scope(
      req,
      res,
      { isProbe: PROBE_PATHS.has(req.path), route: () => routeOf(req) },
      (requestId) => {
        res.set("x-request-id", requestId);
        next();
      },
    );
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
