import { busSettings } from "@easymo/messaging";
import { logLevels, readConfig, type Environment } from "@easymo/service-kit";
import { z } from "zod";

/** What the dead letters' command needs of the environment. */
const shape = {
  ...busSettings,
  LOG_LEVEL: z
    .enum(logLevels, { error: `expected one of ${logLevels.join(", ")}` })
    .default("silent"),
};

export type DeadLettersConfig = ReturnType<typeof readDeadLettersConfig>;

/** Reads and checks the environment. Throws ConfigError with every problem. */
export function readDeadLettersConfig(env: Environment) {
  return readConfig(shape, env, (config, problem) => {
    const memory = "memory: lives inside a service's own process; name";
    if (config.KAFKA_BROKERS === "memory:")
      problem("KAFKA_BROKERS", `${memory} brokers by host:port`);
    if (config.REDIS_URL === "memory:")
      problem("REDIS_URL", `${memory} a Redis by redis:// or rediss://`);
  });
}

/** The environment of this process. */
export function processEnvironment(): Environment {
  return process.env;
}
