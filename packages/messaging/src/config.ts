import { z } from "zod";
import type { BusSettings, SaslSettings } from "./bus/bus.js";
import { SettingsError } from "./errors.js";
import { ADDRESS_FORMS, parseRedisAddress } from "./store/redis/address.js";

/** Marks a variable as a secret: its value is never printed, and `NAME_FILE` may name the file that holds it. */
const secret = { secret: true } as const;

const MEMORY = "memory:";
const HOST_AND_PORT = /^(?:[\w.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}$/;

/** Environment variables of everything that uses the bus; a service's configuration spreads them into its own. */
export const busSettings = {
  /** `host:port,…`, or `memory:` for a bus inside the process. */
  KAFKA_BROKERS: z
    .string()
    .refine(
      (value) => value === MEMORY || brokersOf(value).every(isHostAndPort),
      'must be "memory:" or host:port, separated by commas',
    ),
  /** The name in the brokers' logs; quotas go by it. */
  KAFKA_CLIENT_ID: z.string().min(1).max(249).default("easymo"),
  /** TLS to the brokers; NODE_EXTRA_CA_CERTS names a CA of your own. */
  KAFKA_SSL: z.stringbool().default(false),
  /** `plain`, `scram-sha-256` or `scram-sha-512`. */
  KAFKA_SASL_MECHANISM: z
    .enum(["plain", "scram-sha-256", "scram-sha-512"], {
      error: "must be plain, scram-sha-256 or scram-sha-512",
    })
    .optional(),
  /** With the mechanism. */
  KAFKA_SASL_USERNAME: z.string().min(1).optional(),
  /** With the mechanism. */
  KAFKA_SASL_PASSWORD: z.string().min(1).meta(secret).optional(),
  /** `redis://`, `rediss://`, `redis+cluster://`, `redis+sentinel://` (and `rediss+…`), or `memory:` for a store inside the process. */
  REDIS_URL: z
    .string()
    .refine(
      (value) => value === MEMORY || parseRedisAddress(value) !== undefined,
      `must be "memory:", ${ADDRESS_FORMS}`,
    )
    .meta(secret),
};

/** What `busSettings` gives. */
export type BusConfig = z.infer<z.ZodObject<typeof busSettings>>;

/**
 * The bus's settings of a configuration. Throws SettingsError when the SASL variables do not go together; give
 * `clientId` to keep services apart in the brokers' logs when the variable is unset.
 */
export function busSettingsOf(
  config: Omit<BusConfig, "REDIS_URL">,
): BusSettings {
  const sasl = saslOf(config);
  return {
    brokers:
      config.KAFKA_BROKERS === MEMORY
        ? MEMORY
        : brokersOf(config.KAFKA_BROKERS),
    clientId: config.KAFKA_CLIENT_ID,
    ssl: config.KAFKA_SSL,
    ...(sasl === undefined ? {} : { sasl }),
  };
}

function brokersOf(value: string): string[] {
  return value.split(",").map((broker) => broker.trim());
}

function isHostAndPort(broker: string): boolean {
  return HOST_AND_PORT.test(broker);
}

function saslOf(
  config: Omit<BusConfig, "REDIS_URL">,
): SaslSettings | undefined {
  const {
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_SASL_USERNAME: username,
    KAFKA_SASL_PASSWORD: password,
  } = config;
  if (mechanism === undefined) {
    const stray = Object.entries({
      KAFKA_SASL_USERNAME: username,
      KAFKA_SASL_PASSWORD: password,
    }).filter(([, value]) => value !== undefined);
    if (stray.length === 0) return undefined;
    throw new SettingsError([
      {
        name: "KAFKA_SASL_MECHANISM",
        message: `is needed because ${stray.map(([name]) => name).join(" and ")} is set`,
      },
    ]);
  }
  if (username !== undefined && password !== undefined) {
    return { mechanism, username, password };
  }
  const message = "is needed because KAFKA_SASL_MECHANISM is set";
  throw new SettingsError([
    ...(username === undefined
      ? [{ name: "KAFKA_SASL_USERNAME", message }]
      : []),
    ...(password === undefined
      ? [{ name: "KAFKA_SASL_PASSWORD", message }]
      : []),
  ]);
}
