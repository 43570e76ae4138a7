import type { Clock, Logger } from "@easymo/service-kit";
import { AgentCoreError, clientError } from "./errors.js";

/** When a server that fails is left alone, and for how long. */
export interface CircuitSettings {
  /** This many failures in a row open the circuit. */
  readonly failures: number;
  /** After this long one request is let through; its outcome closes the circuit or opens it again. */
  readonly halfOpenAfterMs: number;
}

export const defaultCircuit: CircuitSettings = {
  failures: 5,
  halfOpenAfterMs: 2_000,
};

/** `open` leaves the server alone; `half_open` lets one request find out whether it is back. */
export type Circuit = "closed" | "open" | "half_open";

/**
 * A circuit breaker for one base URL. Only failures that blame the server count: a refusal of our request says that the
 * server is well.
 */
export class Breaker {
  readonly #settings: CircuitSettings;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #circuit: Circuit = "closed";
  /** In a row. */
  #failures = 0;
  #openedAtMs = 0;
  /** Resolves when it is known what came of the one request that was let through. */
  #decided: Promise<void> = Promise.resolve();

  constructor(
    settings: CircuitSettings,
    deps: { readonly clock: Clock; readonly logger: Logger },
  ) {
    this.#settings = settings;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
  }

  circuit(): Circuit {
    return this.#circuit;
  }

  /** Runs a request unless the circuit is open; one that comes while another finds out waits for that. */
  async run<T>(request: () => Promise<T>): Promise<T> {
    while (this.#circuit === "half_open") await this.#decided;
    if (this.#circuit === "open") return await this.#probe(request);
    try {
      const result = await request();
      this.#failures = 0;
      return result;
    } catch (error) {
      if (blamesServer(error)) this.#failed();
      throw error;
    }
  }

  async #probe<T>(request: () => Promise<T>): Promise<T> {
    const openMs = this.#clock.monotonicMs() - this.#openedAtMs;
    if (openMs < this.#settings.halfOpenAfterMs)
      throw clientError("circuit_open");
    this.#circuit = "half_open";
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#decided = promise;
    try {
      const result = await request();
      this.#close();
      return result;
    } catch (error) {
      if (blamesServer(error)) this.#open();
      else this.#close();
      throw error;
    } finally {
      resolve();
    }
  }

  #failed(): void {
    this.#failures += 1;
    // What was on its way when it opened says nothing new.
    if (this.#circuit !== "closed") return;
    if (this.#failures >= this.#settings.failures) this.#open();
  }

  #open(): void {
    this.#circuit = "open";
    this.#openedAtMs = this.#clock.monotonicMs();
    this.#logger.warn("agent-core keeps failing: the circuit is open");
  }

  #close(): void {
    this.#circuit = "closed";
    this.#failures = 0;
    this.#logger.info("agent-core answers again: the circuit is closed");
  }
}

function blamesServer(error: unknown): boolean {
  return error instanceof AgentCoreError && error.blamesServer;
}
