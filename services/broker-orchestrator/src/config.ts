import { agentCoreSettings } from "@easymo/agent-core-client";
import { busSettings } from "@easymo/messaging";
import { routingSettings } from "@easymo/routing";
import {
  commaList,
  integer,
  readConfig,
  secret,
  settings,
  url,
  type Environment,
} from "@easymo/service-kit";
import { z } from "zod";

/** Every setting of broker-orchestrator; docs/configuration.md is made from it. */
const shape = {
  ...settings({ port: 4400 }),
  ...busSettings,
  ...routingSettings,
  ...agentCoreSettings,
  /** The wallet; agent-core when it is not named. */
  WALLET_SERVICE_URL: url().optional(),
  /** The buyers; agent-core when it is not named. */
  BUYER_SERVICE_URL: url().optional(),
  /** The ranking; agent-core when it is not named. */
  RANKING_SERVICE_URL: url().optional(),
  /** With both this and VOICE_API_TOKEN, people who ask on WhatsApp to be called are called. */
  VOICE_BRIDGE_URL: url().optional(),
  /** The bearer token of voice-bridge's calls API. */
  VOICE_API_TOKEN: secret().min(1).optional(),
  /** How long to wait before each further attempt, in seconds, separated by commas; then come the dead letters. */
  RETRY_DELAYS_SECONDS: commaList()
    .default(["1", "10", "60", "600"])
    .transform((parts) => parts.map(Number))
    .pipe(z.array(z.number().min(0).max(604_800))),
  /** How long a conversation is remembered after it went on last. */
  CONVERSATION_TTL_SECONDS: integer({ min: 60, max: 31_536_000 }).default(
    7_776_000,
  ),
  /** For how long people have a WhatsApp conversation that they took over and do not hand back. */
  HANDOVER_SECONDS: integer({ min: 1, max: 604_800 }).default(14_400),
  /**
   * What is left undone of an event that nobody brings again is done when nobody has been at it for so long. By default a
   * minute more than the longest of the waits between attempts.
   */
  OUTBOX_PATIENCE_SECONDS: integer({ min: 1, max: 604_800 }).optional(),
  /** Without it, WhatsApp turns are answered offline. */
  OPENAI_API_KEY: secret().min(1).optional(),
  /** OpenAI's REST API, or one that speaks like it. */
  OPENAI_BASE_URL: url().default("https://api.openai.com/v1"),
  /** Writes the WhatsApp turns. */
  OPENAI_TEXT_MODEL: z.string().min(1).default("gpt-5-mini"),
  /** The model's tokens for one person and day (UTC), input and output together; beyond it, turns are answered offline. */
  TURN_TOKENS_PER_DAY: integer({ min: 0, max: 1_000_000_000 }).default(50_000),
};

export type BrokerOrchestratorConfig = ReturnType<
  typeof readBrokerOrchestratorConfig
>;

/** Reads and checks the environment. Throws ConfigError with every problem. */
export function readBrokerOrchestratorConfig(env: Environment) {
  return readConfig(shape, env);
}
