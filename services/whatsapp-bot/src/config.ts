import { agentCoreSettings } from "@easymo/agent-core-client";
import { busSettings } from "@easymo/messaging";
import { routingSettings } from "@easymo/routing";
import {
  readConfig,
  secret,
  settings,
  url,
  type Environment,
} from "@easymo/service-kit";
import { z } from "zod";

/** Every setting of whatsapp-bot; docs/configuration.md is made from it. */
const shape = {
  ...settings({ port: 4300 }),
  ...busSettings,
  ...routingSettings,
  ...agentCoreSettings,
  /** What Meta signs its webhooks with. */
  META_APP_SECRET: secret().min(1),
  /** What Meta shows when it verifies the webhook's address. */
  META_VERIFY_TOKEN: secret().min(1),
  /** The bearer token of the Graph API. */
  META_ACCESS_TOKEN: secret().min(1),
  /** Meta's Graph API, with the version. */
  GRAPH_API_URL: url().default("https://graph.facebook.com/v25.0"),
  /** Without it, intents are found by rules alone and voice notes stay audio. */
  OPENAI_API_KEY: secret().min(1).optional(),
  /** OpenAI's REST API, or one that speaks like it. */
  OPENAI_BASE_URL: url().default("https://api.openai.com/v1"),
  /** Finds the intents that no rule finds. */
  OPENAI_TEXT_MODEL: z.string().min(1).default("gpt-5-mini"),
  /** Writes down voice notes. */
  OPENAI_TRANSCRIPTION_MODEL: z
    .string()
    .min(1)
    .default("gpt-4o-mini-transcribe"),
};

export type WhatsAppBotConfig = ReturnType<typeof readWhatsAppBotConfig>;

/** Reads and checks the environment. Throws ConfigError with every problem. */
export function readWhatsAppBotConfig(env: Environment) {
  return readConfig(shape, env);
}
