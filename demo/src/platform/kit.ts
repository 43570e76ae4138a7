import {
  createLogger,
  createMetrics,
  createServiceKit,
  type Clock,
  type Metrics,
  type ServiceKit,
} from "@easymo/service-kit";
import type { RoutingTable } from "@easymo/routing";
import type { Voice } from "@easymo/telephone-audio";
import type { DemoConfig } from "../config.js";

export interface PlatformOptions {
  readonly config: DemoConfig;
  readonly routing: RoutingTable;
  /** What callers, the offline model and the phone company speak with. */
  readonly voice: Voice;
  readonly clock: Clock;
  /** How many seconds of telephone line pass in one: 1, but for who cannot wait. */
  readonly lineSpeed: number;
  /** Where a service, by its name, keeps its metrics; a place of its own unless told. */
  readonly metricsOf?: (name: string) => Metrics;
}

/** What a service is given: its own logger and metrics, the common clock. */
export function kitFor(name: string, options: PlatformOptions): ServiceKit {
  const { config, clock, metricsOf = createMetrics } = options;
  const logger = createLogger({ name, level: config.LOG_LEVEL });
  return createServiceKit({ name, logger, metrics: metricsOf(name), clock });
}
