import { busSettings } from "@easymo/messaging";
import { routingSettings } from "@easymo/routing";
import {
  integer,
  readConfig,
  secret,
  settings,
  url,
  type Environment,
} from "@easymo/service-kit";
import { isSupportedCountry } from "libphonenumber-js/min";
import { z } from "zod";
import { parseTokens } from "./tenants/tokens.js";

/** Every setting of sip-ingress; docs/configuration.md is made from it. */
const shape = {
  ...settings({ port: 4200 }),
  ...busSettings,
  ...routingSettings,
  /** `tenant=token,…`; a tenant may have several, while one replaces another. */
  SIP_INGRESS_TOKENS: secret().transform((value, context) => {
    const parsed = parseTokens(value);
    if (parsed.ok) return parsed.tokens;
    context.addIssue({ code: "custom", message: parsed.problem });
    return z.NEVER;
  }),
  /** Events that a tenant may send for long; twice as many at once. */
  SIP_RATE_PER_SECOND: integer({ min: 1, max: 1_000_000 }).default(5_000),
  /** Whose numbers are meant where one has no country code: two letters, such as RW. */
  SIP_DEFAULT_COUNTRY: z
    .string()
    .refine(isSupportedCountry, "expected a country's two letters, such as RW")
    .optional(),
  /** Checks the signature of OpenAI's webhook, which answers 503 without it. */
  OPENAI_WEBHOOK_SECRET: secret().min(1).optional(),
  /** Accepts and rejects calls; needed with OPENAI_WEBHOOK_SECRET. */
  OPENAI_API_KEY: secret().min(1).optional(),
  /** OpenAI's REST API, or one that speaks like it. */
  OPENAI_BASE_URL: url().default("https://api.openai.com/v1"),
  /** Instead of each agent's own model. */
  OPENAI_REALTIME_MODEL: z.string().min(1).optional(),
};

export type SipIngressConfig = ReturnType<typeof readSipIngressConfig>;

/** Reads and checks the environment. Throws ConfigError with every problem. */
export function readSipIngressConfig(env: Environment) {
  return readConfig(shape, env, (config, problem) => {
    if (
      config.OPENAI_WEBHOOK_SECRET !== undefined &&
      config.OPENAI_API_KEY === undefined
    )
      problem(
        "OPENAI_API_KEY",
        "is needed to answer calls because OPENAI_WEBHOOK_SECRET is set",
      );
  });
}
