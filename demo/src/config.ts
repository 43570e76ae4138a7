import {
  commonSettings,
  type Environment,
  integer,
  readConfig,
  secret,
  url,
} from "@easymo/service-kit";
import { z } from "zod";

const settings = {
  DEMO_PORT: integer({ min: 0, max: 65_535 }).default(4800),
  LOG_LEVEL: commonSettings.LOG_LEVEL.default("warn"),
  /** With it, the real model answers; without it, the offline one. */
  OPENAI_API_KEY: secret().optional(),
  OPENAI_REALTIME_URL: url(["ws", "wss"]).optional(),
  OPENAI_REALTIME_MODEL: z.string().optional(),
};

/** What the demo can be told by its environment. */
export type DemoConfig = ReturnType<typeof readDemoConfig>;

/**
 * Reads the demo's configuration.
 * @throws ConfigError naming every variable that is wrong
 */
export function readDemoConfig(env: Environment = process.env) {
  return readConfig(settings, env);
}
