import {
  type Environment,
  readConfig,
  secret,
  settings,
  url,
} from "@easymo/service-kit";
import { z } from "zod";
import { isDatabaseUrl } from "./database/create.js";
import { merchantCode } from "./payments/routes.js";
import { toE164 } from "./people/fields.js";
import { queueName } from "./transfers/routes.js";

/** `name=value,name=value`, each name once, each value as the schema has it. */
function pairs<T>(options: {
  name: (name: string) => boolean;
  value: (value: string) => T | undefined;
  error: string;
}) {
  return z.string().transform((text, context): ReadonlyMap<string, T> => {
    const map = new Map<string, T>();
    for (const pair of text.split(",").map((part) => part.trim())) {
      const at = pair.indexOf("=");
      const name = pair.slice(0, Math.max(at, 0)).trim();
      const value = options.value(pair.slice(at + 1).trim());
      if (
        at < 1 ||
        value === undefined ||
        !options.name(name) ||
        map.has(name)
      ) {
        context.addIssue({ code: "custom", message: options.error });
        return z.NEVER;
      }
      map.set(name, value);
    }
    return map;
  });
}

const tenantName = (name: string): boolean => /^[\w.-]{1,128}$/.test(name);

/** What names the database, for the service and for the commands. */
const databaseShape = {
  /** `pglite:memory`, `pglite:<folder>` or `postgres://…`; a secret, for it may hold a password. */
  DATABASE_URL: secret()
    .refine(
      isDatabaseUrl,
      "expected pglite:memory, pglite:<folder> or postgres://<user>@<host>/<database>",
    )
    .default("pglite:./data"),
};

const shape = {
  ...settings({ port: 4000 }),
  ...databaseShape,
  /** Signs and checks the tenants' tokens (HS256). */
  AGENT_CORE_JWT_SECRET: secret(),
  /** Where payment links lead: the payment's id is added to it. Unset, they lead nowhere (RFC 2606). */
  PAYMENT_LINK_BASE_URL: url().default("https://pay.invalid"),
  /** For tenants without a code in MOMO_MERCHANTS. The default is no merchant's: it pays nobody. */
  MOMO_DEFAULT_MERCHANT: merchantCode.default("000000"),
  /** MoMo merchant codes of tenants, for payments that name none: `tenant=code,…`. */
  MOMO_MERCHANTS: pairs({
    name: tenantName,
    value: (value) => merchantCode.safeParse(value).data,
    error:
      "expected tenant=merchant code pairs separated by commas, each tenant once",
  }).default(new Map<string, string>()),
  /** Numbers of queues: `queue=+2507…` for everyone, `tenant/queue=+2507…` for one tenant. */
  TRANSFER_QUEUES: pairs({
    name: isQueueReference,
    value: toE164,
    error:
      "expected queue=number or tenant/queue=number pairs separated by commas, each queue once",
  }).default(new Map<string, string>()),
};

/** What this service is told by its environment. */
export type Config = ReturnType<typeof readAgentCoreConfig>;

/**
 * Reads and checks the environment.
 *
 * @throws {ConfigError} with every variable that is wrong
 */
export function readAgentCoreConfig(env: Environment) {
  return readConfig(shape, env);
}

/** The environment of this process, for the commands; the service is given it. */
export function processEnvironment(): Environment {
  return process.env;
}

/**
 * The same for a command that needs a database and nothing else.
 *
 * @throws {ConfigError} when it names none
 */
export function readDatabaseConfig(env: Environment) {
  return readConfig(databaseShape, env);
}

function isQueueReference(name: string): boolean {
  const parts = name.split("/");
  const queue = parts.pop() ?? "";
  return (
    queueName.safeParse(queue).success &&
    parts.length <= 1 &&
    parts.every(tenantName)
  );
}
