import {
  type Environment,
  integer,
  readConfig,
  settings,
} from "@easymo/service-kit";

const shape = {
  ...settings({ port: 4900 }),
  /** From the request for a response to its first audio. */
  SIMULATOR_THINK_MS: integer({ min: 0, max: 60_000 }).default(150),
  /** Audio in one delta. */
  SIMULATOR_CHUNK_MS: integer({ min: 20, max: 10_000 }).default(300),
  /** How many times faster than real time audio is sent. */
  SIMULATOR_SPEED: integer({ min: 1, max: 1000 }).default(5),
  /** When a session expires. */
  SIMULATOR_SESSION_SECONDS: integer({ min: 1, max: 86_400 }).default(3600),
};

/** @throws ConfigError with every variable that is wrong. */
export function readSimulatorConfig(env: Environment) {
  return readConfig(shape, env);
}
