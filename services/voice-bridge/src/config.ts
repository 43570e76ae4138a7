import { tmpdir } from "node:os";
import { join } from "node:path";
import { agentCoreSettings } from "@easymo/agent-core-client";
import { busSettings } from "@easymo/messaging";
import { routingSettings } from "@easymo/routing";
import {
  commonSettings,
  integer,
  readConfig,
  secret,
  settings,
  url,
  type Environment,
} from "@easymo/service-kit";
import { z } from "zod";

const GRACE_BEYOND_DRAIN_SECONDS = 25;

/** Every setting of voice-bridge; the README's table says the same. */
const shape = {
  ...settings({ port: 4100 }),
  /** Default: DRAIN_SECONDS and 25 more. */
  SHUTDOWN_GRACE_SECONDS:
    commonSettings.SHUTDOWN_GRACE_SECONDS.unwrap().optional(),
  ...busSettings,
  ...routingSettings,
  ...agentCoreSettings,
  /** Where Twilio reaches this service: signatures are computed over it. */
  PUBLIC_URL: url(),
  TWILIO_ACCOUNT_SID: z.string().min(1).optional(),
  TWILIO_AUTH_TOKEN: secret().min(1).optional(),
  TWILIO_API_URL: url().optional(),
  /** Lets a media socket in, besides Twilio's signature. */
  TWILIO_MEDIA_AUTH_TOKEN: secret().min(1).optional(),
  VOICE_API_TOKEN: secret().min(1),
  OPENAI_API_KEY: secret().min(1).optional(),
  OPENAI_BASE_URL: url().default("https://api.openai.com/v1"),
  /** Default: OPENAI_BASE_URL's `/realtime`. */
  OPENAI_REALTIME_URL: url(["ws", "wss"]).optional(),
  /** Instead of each agent's own model. */
  OPENAI_REALTIME_MODEL: z.string().min(1).optional(),
  MAX_CALLS: integer({ min: 1, max: 100_000 }).default(200),
  DRAIN_SECONDS: integer({ min: 0, max: 86_400 }).default(1200),
  MODEL_SESSION_MAX_SECONDS: integer({ min: 1, max: 86_400 }).default(3300),
  CALL_IDLE_SECONDS: integer({ min: 1, max: 86_400 }).default(30),
  MEDIA_SAMPLE_SECONDS: integer({ min: 1, max: 3_600 }).default(5),
  /** Default: a temporary folder of this process's own. */
  SPOOL_DIR: z.string().min(1).optional(),
};

export type VoiceBridgeConfig = ReturnType<typeof readVoiceBridgeConfig>;

/** Reads and checks the environment. Throws ConfigError with every problem. */
export function readVoiceBridgeConfig(env: Environment) {
  const config = readConfig(shape, env);
  return {
    ...config,
    SHUTDOWN_GRACE_SECONDS:
      config.SHUTDOWN_GRACE_SECONDS ??
      config.DRAIN_SECONDS + GRACE_BEYOND_DRAIN_SECONDS,
    OPENAI_REALTIME_URL:
      config.OPENAI_REALTIME_URL ?? realtimeUrl(config.OPENAI_BASE_URL),
    SPOOL_DIR:
      config.SPOOL_DIR ?? join(tmpdir(), `easymo-spool-${process.pid}`),
  };
}

function realtimeUrl(baseUrl: string): string {
  return `${baseUrl.replace(/^http/, "ws").replace(/\/$/, "")}/realtime`;
}
