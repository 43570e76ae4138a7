/** What the watcher writes to; pino's logger is one. */
export interface RoutingLogger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** Where reloads are counted; service-kit's metrics are one. */
export interface RoutingMetrics {
  counter(
    name: string,
    help: string,
    labels: readonly ["outcome"],
  ): { inc(labels: { outcome: ReloadOutcome }, value?: number): void };
}

/** The part of service-kit's clock that polling needs. */
export interface RoutingClock {
  setTimeout(run: () => void, delayMs: number): { cancel(): void };
}

/** What came of a change on disk. */
export type ReloadOutcome = "applied" | "refused" | "missing";
