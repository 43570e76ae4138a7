export type { Clock, Timer } from "./clock.js";
export { ManualClock, systemClock } from "./clock.js";
export type {
  CommonConfig,
  ConfigProblem,
  Environment,
  LogLevel,
} from "./config.js";
export {
  commaList,
  commonSettings,
  ConfigError,
  flag,
  integer,
  logLevels,
  readConfig,
  secret,
  settings,
  url,
} from "./config.js";
export type { RequestContext } from "./context.js";
export {
  currentTraceparent,
  requestContext,
  saneRequestId,
  setTenant,
  withRequestContext,
} from "./context.js";
export type { BodyOptions } from "./http/bodies.js";
export {
  formBody,
  jsonBody,
  parseJson,
  rawBody,
  rawBodyOf,
} from "./http/bodies.js";
export type {
  DirectAnswer,
  DirectRoute,
  DirectRoutesOptions,
} from "./http/direct-routes.js";
export { withDirectRoutes } from "./http/direct-routes.js";
export type {
  DependencyCheck,
  DependencyReport,
  DependencyReports,
} from "./http/readiness.js";
export { httpMetrics } from "./http/requests.js";
export type { ServiceHttpOptions } from "./http/service-http.js";
export {
  createServiceHttp,
  DEFAULT_BODY_LIMIT_BYTES,
} from "./http/service-http.js";
export type { ServiceKit } from "./kit.js";
export { createServiceKit } from "./kit.js";
export type { ListenOptions, RunningService, ServiceApp } from "./listen.js";
export { listen } from "./listen.js";
export type { LogDestination, Logger } from "./logger.js";
export { createLogger } from "./logger.js";
export type { Counter, Gauge, Histogram, Metrics } from "./metrics.js";
export { createMetrics, secondsBuckets } from "./metrics.js";
export type { FieldError, ProblemSpec } from "./problem.js";
export { fieldErrors, Problem, validated } from "./problem.js";
export { maskPhone, maskText, redact } from "./redaction.js";
export { runService } from "./run-service.js";
export { SignalCopies } from "./signal-copies.js";
export type {
  RunningSpan,
  SpanAttributes,
  SpanKind,
  Tracing,
} from "./tracing/tracing.js";
export { parseTraceparent } from "./tracing/traceparent.js";
export { inSpan, startTracing } from "./tracing/tracing.js";
