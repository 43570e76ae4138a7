import type { Clock } from "./clock.js";
import { systemClock } from "./clock.js";
import type { Logger } from "./logger.js";
import type { Metrics } from "./metrics.js";
import type { Tracing } from "./tracing/tracing.js";

/** What every part of a service is given. */
export interface ServiceKit {
  readonly name: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Present only while `OTEL_EXPORTER_OTLP_ENDPOINT` is set. */
  readonly tracing?: Tracing | undefined;
}

/** A kit from its parts; the clock is the host's unless another is given. */
export function createServiceKit(parts: {
  name: string;
  logger: Logger;
  metrics: Metrics;
  clock?: Clock;
  tracing?: Tracing | undefined;
}): ServiceKit {
  return { clock: systemClock, ...parts };
}
