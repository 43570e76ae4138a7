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

/** Every setting of voice-bridge; docs/configuration.md is made from it. */
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
  /** The account in whose name calls are made, ended and redirected; without it nobody is dialled. */
  TWILIO_ACCOUNT_SID: z.string().min(1).optional(),
  /** Checks what Twilio signs, nothing of which is accepted without it, and opens its REST API. */
  TWILIO_AUTH_TOKEN: secret().min(1).optional(),
  /**
   * Further tokens whose signatures are accepted, separated by commas: those of other accounts that numbers belong to, or
   * the old one while a new one takes its place.
   */
  TWILIO_MORE_AUTH_TOKENS: secret()
    .transform((tokens) =>
      tokens
        .split(",")
        .map((token) => token.trim())
        .filter((token) => token !== ""),
    )
    .default([]),
  /** Instead of Twilio's own address. */
  TWILIO_API_URL: url().optional(),
  /** Lets a media socket in, besides Twilio's signature. */
  TWILIO_MEDIA_AUTH_TOKEN: secret().min(1).optional(),
  /** The bearer token of the calls API. */
  VOICE_API_TOKEN: secret().min(1),
  /** The bearer token of the model; left out, none is sent. */
  OPENAI_API_KEY: secret().min(1).optional(),
  /** OpenAI's REST API, or one that speaks like it. */
  OPENAI_BASE_URL: url().default("https://api.openai.com/v1"),
  /** Default: OPENAI_BASE_URL's `/realtime`. */
  OPENAI_REALTIME_URL: url(["ws", "wss"]).optional(),
  /** Instead of each agent's own model. */
  OPENAI_REALTIME_MODEL: z.string().min(1).optional(),
  /** Calls at once in this process; more are told so, and transferred where the agent has a target. */
  MAX_CALLS: integer({ min: 1, max: 100_000 }).default(200),
  /** How long live calls may go on after SIGTERM. */
  DRAIN_SECONDS: integer({ min: 0, max: 86_400 }).default(1200),
  /** When a session with the model is followed by a new one; OpenAI ends them after an hour. */
  MODEL_SESSION_MAX_SECONDS: integer({ min: 1, max: 86_400 }).default(3300),
  /** How long a socket may stay without a frame before the call is taken for gone. */
  CALL_IDLE_SECONDS: integer({ min: 1, max: 86_400 }).default(30),
  /** For how long a replica that died keeps its calls: SIP calls are gone on with by another one then. */
  CALL_LEASE_SECONDS: integer({ min: 1, max: 3_600 }).default(30),
  /** How often a live call publishes `media.sample`. */
  MEDIA_SAMPLE_SECONDS: integer({ min: 1, max: 3_600 }).default(5),
  /** Where events wait while Kafka is away; default: a temporary folder of this process's own. */
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
