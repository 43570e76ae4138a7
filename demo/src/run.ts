import {
  ConfigError,
  listen,
  type RunningService,
  type ServiceApp,
  SignalCopies,
  systemClock,
} from "@easymo/service-kit";
import type { DemoConfig } from "./config.js";

const HOST = "127.0.0.1";
/** EX_CONFIG of sysexits.h. */
const EXIT_CONFIG = 78;
/** Nothing here is worth waiting for longer. */
const GRACE_MS = 8_000;

/**
 * The life of the demo's process: says where the console is, or in one
 * sentence why there is none. A signal ends it cleanly, a second one at once.
 */
export async function runDemo(
  read: () => DemoConfig,
  compose: (config: DemoConfig) => ServiceApp,
): Promise<void> {
  let config: DemoConfig;
  try {
    config = read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    stop(error.message, EXIT_CONFIG);
  }
  let running: RunningService | undefined;
  endOnSignal(() => running?.close() ?? Promise.resolve());
  try {
    say("Starting the platform…");
    const demo = await listen(compose(config), {
      port: config.DEMO_PORT,
      host: HOST,
    });
    running = demo;
    say(`The console is at ${demo.url}`);
    say("Ctrl-C ends it.");
  } catch (error) {
    if (!isPortTaken(error)) throw error;
    stop(
      `Port ${config.DEMO_PORT} of ${HOST} is in use: end what listens there, or set DEMO_PORT to another port.`,
      1,
    );
  }
}

function endOnSignal(close: () => Promise<void>): void {
  let ending = false;
  const copies = new SignalCopies();
  const end = (signal: NodeJS.Signals) => {
    if (copies.isCopy(signal, systemClock.monotonicMs())) return;
    if (ending) process.exit(1);
    ending = true;
    systemClock.setTimeout(() => stop("It did not end in time.", 1), GRACE_MS);
    close().then(
      () => process.exit(0),
      (error: unknown) => stop(String(error), 1),
    );
  };
  process.on("SIGINT", end);
  process.on("SIGTERM", end);
}

function isPortTaken(error: unknown): boolean {
  return (
    error instanceof Error && "code" in error && error.code === "EADDRINUSE"
  );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function stop(line: string, code: number): never {
  process.stderr.write(`${line}\n`);
  process.exit(code);
}
