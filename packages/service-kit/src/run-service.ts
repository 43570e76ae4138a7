import { collectDefaultMetrics } from "prom-client";
import { systemClock } from "./clock.js";
import type { CommonConfig, Environment } from "./config.js";
import { ConfigError, processEnvironment } from "./config.js";
import type { ServiceKit } from "./kit.js";
import type { Listener, ServiceApp } from "./listen.js";
import { openListener } from "./listen.js";
import { createLogger } from "./logger.js";
import { createMetrics } from "./metrics.js";
import { SignalCopies } from "./signal-copies.js";
import { startTracing } from "./tracing/tracing.js";

/** EX_CONFIG of sysexits.h. */
const EXIT_CONFIG = 78;

/**
 * The whole life of a service's process.
 *
 * A configuration that is wrong ends it with exit code 78 and one line per
 * variable on standard error. Then it listens, and starts the app. SIGTERM or
 * SIGINT shuts it down in phases (see `ServiceApp`): exit code 0, or 1 when that
 * failed or took longer than `SHUTDOWN_GRACE_SECONDS`. A second signal exits
 * with 1 at once; what pnpm passes on of the first is none (`SignalCopies`).
 * What nobody caught is logged as fatal and ends it with 1.
 */
export async function runService<C extends CommonConfig>(
  name: string,
  readConfig: (env: Environment) => C,
  compose: (config: C, kit: ServiceKit) => Promise<ServiceApp> | ServiceApp,
): Promise<void> {
  let config: C;
  try {
    config = readConfig(processEnvironment());
  } catch (error) {
    exitMisconfigured(error);
    return;
  }
  const kit = await createProcessKit(name, config);
  const life = new ProcessLife(kit, config.SHUTDOWN_GRACE_SECONDS * 1_000);
  life.watch();
  try {
    const app = await compose(config, kit);
    const listener = await openListener(app, {
      port: config.PORT,
      host: config.HOST,
    });
    life.listener = listener;
    kit.logger.info({ port: listener.port, host: config.HOST }, "listening");
    await listener.startApp();
    kit.logger.info("started");
  } catch (error) {
    if (error instanceof ConfigError) {
      exitMisconfigured(error);
    }
    if (!life.ending) {
      life.fail(error, "the service did not start");
    }
  }
}

function exitMisconfigured(error: unknown): void {
  if (!(error instanceof ConfigError)) {
    throw error;
  }
  process.stderr.write(`${error.message}\n`);
  process.exit(EXIT_CONFIG);
}

async function createProcessKit(
  name: string,
  config: CommonConfig,
): Promise<ServiceKit> {
  const metrics = createMetrics();
  collectDefaultMetrics({ register: metrics.registry });
  const endpoint = config.OTEL_EXPORTER_OTLP_ENDPOINT;
  const logger = createLogger({ name, level: config.LOG_LEVEL });
  return {
    name,
    logger,
    metrics,
    clock: systemClock,
    tracing:
      endpoint === undefined
        ? undefined
        : await startTracing({ name, endpoint, logger }),
  };
}

/** Signals and last-ditch errors of the process. */
class ProcessLife {
  listener: Listener | undefined;
  readonly #kit: ServiceKit;
  readonly #graceMs: number;
  /** A signal came: what fails from now on is part of the shutdown. */
  ending = false;
  readonly #copies = new SignalCopies();

  constructor(kit: ServiceKit, graceMs: number) {
    this.#kit = kit;
    this.#graceMs = graceMs;
  }

  watch(): void {
    process.on("SIGTERM", (signal) => this.#onSignal(signal));
    process.on("SIGINT", (signal) => this.#onSignal(signal));
    // Node raises unhandled rejections as uncaught exceptions, too.
    process.on("uncaughtException", (error) => {
      this.fail(error, "uncaught exception");
    });
  }

  /** Logs and ends the process; nothing can be trusted to end in order. */
  fail(error: unknown, message: string): void {
    this.#kit.logger.fatal({ err: error }, message);
    process.exit(1);
  }

  #onSignal(signal: NodeJS.Signals): void {
    const { logger, clock } = this.#kit;
    if (this.#copies.isCopy(signal, clock.monotonicMs())) {
      logger.info(
        { signal },
        "passed on by a process above: already shutting down",
      );
      return;
    }
    if (this.ending) {
      logger.warn({ signal }, "second signal: exiting at once");
      process.exit(1);
    }
    this.ending = true;
    logger.info({ signal }, "shutting down");
    clock.setTimeout(() => {
      logger.error(
        { graceMs: this.#graceMs },
        "not finished within the grace time: exiting",
      );
      process.exit(1);
    }, this.#graceMs);
    void this.#end();
  }

  async #end(): Promise<void> {
    const { logger, tracing } = this.#kit;
    try {
      await this.listener?.close();
      await tracing?.shutdown();
    } catch (error) {
      logger.error({ err: error }, "shutdown failed");
      process.exit(1);
    }
    logger.info("stopped");
    process.exit(0);
  }
}
