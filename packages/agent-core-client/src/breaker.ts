import type { Logger } from "@easymo/service-kit";
import {
  BrokenCircuitError,
  circuitBreaker,
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

/** Runs a request unless the circuit is open. */
export type Breaker = <T>(run: () => Promise<T>) => Promise<T>;

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
  return async (run) => {
    try {
      return await policy.execute(run);
    } catch (error) {
      throw error instanceof BrokenCircuitError
        ? clientError("circuit_open")
        : error;
    }
  };
}
