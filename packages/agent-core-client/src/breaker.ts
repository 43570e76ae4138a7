import type { Logger } from "@easymo/service-kit";
import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
} from "cockatiel";
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

export interface Breaker {
  /** Runs a request unless the circuit is open. */
  <T>(run: () => Promise<T>): Promise<T>;
  circuit(): Circuit;
}

/**
 * A circuit breaker for one base URL. Only failures that blame the server count: a refusal of our request says that the
 * server is well.
 */
export function createBreaker(
  settings: CircuitSettings,
  logger: Logger,
): Breaker {
  const policy = circuitBreaker(
    handleWhen(
      (error) => error instanceof AgentCoreError && error.blamesServer,
    ),
    {
      breaker: new ConsecutiveBreaker(settings.failures),
      halfOpenAfter: settings.halfOpenAfterMs,
    },
  );
  policy.onBreak(() =>
    logger.warn("agent-core keeps failing: the circuit is open"),
  );
  policy.onReset(() =>
    logger.info("agent-core answers again: the circuit is closed"),
  );
  const run = async <T>(request: () => Promise<T>): Promise<T> => {
    try {
      return await policy.execute(request);
    } catch (error) {
      throw error instanceof BrokenCircuitError
        ? clientError("circuit_open")
        : error;
    }
  };
  return Object.assign(run, { circuit: () => circuitOf(policy.state) });
}

function circuitOf(state: CircuitState): Circuit {
  if (state === CircuitState.Closed) return "closed";
  return state === CircuitState.HalfOpen ? "half_open" : "open";
}
