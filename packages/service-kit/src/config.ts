import { readFileSync } from "node:fs";
import { z } from "zod";
import { codeOf } from "./errors.js";

/** What is wrong with one environment variable. */
export interface ConfigProblem {
  readonly name: string;
  readonly message: string;
}

/** The process cannot run as configured: every variable that is wrong, at once. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(
      problems.map(({ name, message }) => `${name}: ${message}`).join("\n"),
    );
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** An environment, as `process.env` has it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process; everything else gets it as a parameter. */
export function processEnvironment(): Environment {
  return process.env;
}

// Settings of one variable ----------------------------------------------------

const secrets = z.registry<{ secret: true }>();

/**
 * A value that is never printed. It may come from the file that `NAME_FILE`
 * names, without its last newline. Works with `.optional()`, `.min()` and so on.
 */
export function secret(): z.ZodString {
  return z.string().register(secrets, { secret: true });
}

/**
 * Does this schema, or one that it wraps, come from `secret()`? A package that
 * does not know this one marks its secrets by zod's metadata: `{secret: true}`.
 */
function isSecret(schema: unknown): boolean {
  if (!(schema instanceof z.ZodType)) {
    return false;
  }
  if (secrets.get(schema)?.secret === true || schema.meta()?.secret === true) {
    return true;
  }
  const { def } = schema;
  return (
    ("innerType" in def && isSecret(def.innerType)) ||
    ("in" in def && isSecret(def.in))
  );
}

/** A whole number in decimal digits, between both bounds. */
export function integer(bounds: { min: number; max: number }) {
  const error = `expected an integer from ${bounds.min} to ${bounds.max}`;
  return z
    .string()
    .regex(/^-?\d{1,15}$/, { error })
    .transform(Number)
    .pipe(z.number().min(bounds.min, { error }).max(bounds.max, { error }));
}

/** `true` or `false` (also `1`, `0`, `yes`, `no`, `on`, `off`). */
export function flag() {
  return z.stringbool({
    truthy: ["true", "1", "yes", "on"],
    falsy: ["false", "0", "no", "off"],
    error: "expected true or false",
  });
}

/** An absolute URL of one of the schemes, kept as it was written. */
export function url(schemes: readonly string[] = ["http", "https"]) {
  return z
    .string()
    .refine(
      (value) =>
        URL.canParse(value) &&
        schemes.includes(new URL(value).protocol.slice(0, -1)),
      {
        error: `expected a URL starting with ${schemes.map((s) => `${s}://`).join(" or ")}`,
      },
    );
}

/** Comma-separated values, each trimmed; at least one. */
export function commaList() {
  return z
    .string()
    .transform((value) =>
      value
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== ""),
    )
    .refine((parts) => parts.length > 0, {
      error: "expected values separated by commas",
    });
}

/** The names of pino's levels, and `silent`. */
export const logLevels = [
  "fatal",
  "error",
  "warn",
  "info",
  "debug",
  "trace",
  "silent",
] as const;

export type LogLevel = (typeof logLevels)[number];

/** The variables that every service reads; `PORT` has no default here. */
export const commonSettings = {
  /** The port; default: the service's own, below. */
  PORT: integer({ min: 0, max: 65_535 }),
  /** The address to listen on. */
  HOST: z.string().default("0.0.0.0"),
  /** `fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`. */
  LOG_LEVEL: z
    .enum(logLevels, { error: `expected one of ${logLevels.join(", ")}` })
    .default("info"),
  /** From SIGTERM to the end; voice-bridge's default is DRAIN_SECONDS and 25 more. */
  SHUTDOWN_GRACE_SECONDS: integer({ min: 1, max: 86_400 }).default(25),
  /** Where traces go (OTLP over HTTP); tracing is off without it. */
  OTEL_EXPORTER_OTLP_ENDPOINT: url().optional(),
};

/** The variables that every service reads, with a service's own defaults. */
export function settings(defaults: { port: number; graceSeconds?: number }) {
  return {
    ...commonSettings,
    PORT: commonSettings.PORT.default(defaults.port),
    SHUTDOWN_GRACE_SECONDS: commonSettings.SHUTDOWN_GRACE_SECONDS.default(
      defaults.graceSeconds ?? 25,
    ),
  };
}

/** What `runService` needs of a service's configuration. */
export interface CommonConfig {
  readonly PORT: number;
  readonly HOST: string;
  readonly LOG_LEVEL: LogLevel;
  readonly SHUTDOWN_GRACE_SECONDS: number;
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
}

// Reading ---------------------------------------------------------------------

interface RawValue {
  readonly value?: string;
  readonly problem?: string;
}

function fromFile(name: string, path: string): RawValue {
  try {
    const value = readFileSync(path, "utf8").replace(/\r?\n$/, "");
    return value === ""
      ? { problem: `the file that ${name}_FILE names is empty (${path})` }
      : { value };
  } catch (error) {
    const reason = codeOf(error) ?? "error";
    return {
      problem: `cannot read the file that ${name}_FILE names (${path}): ${reason}`,
    };
  }
}

/** An empty variable counts as unset: `${NAME:-}` in manifests leaves one. */
function present(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

function rawValue(name: string, schema: unknown, env: Environment): RawValue {
  const value = present(env[name]);
  const path = isSecret(schema) ? present(env[`${name}_FILE`]) : undefined;
  if (path === undefined) {
    return value === undefined ? {} : { value };
  }
  return value === undefined
    ? fromFile(name, path)
    : { problem: `set ${name} or ${name}_FILE, not both` };
}

/** A value may be a URL that carries a password. */
function printable(value: string): string {
  const shown = value.replace(/\/\/[^/@\s]*@/g, "//***@");
  return JSON.stringify(shown.length > 100 ? `${shown.slice(0, 100)}…` : shown);
}

function explain(
  issue: z.core.$ZodIssue,
  raw: string | undefined,
  isSecretValue: boolean,
): string {
  if (raw === undefined) {
    return "is required but not set";
  }
  return isSecretValue
    ? issue.message.replaceAll(raw, "***")
    : `${issue.message}, got ${printable(raw)}`;
}

/**
 * Reads and checks the variables of `shape`. All problems are reported at once;
 * the value of a secret is never among them. An empty variable counts as unset.
 *
 * @param check what must hold between variables; tells each problem by name
 * @throws {ConfigError}
 */
export function readConfig<S extends z.ZodRawShape>(
  shape: S,
  env: Environment,
  check?: (
    config: z.output<z.ZodObject<S>>,
    problem: (name: string, message: string) => void,
  ) => void,
): z.output<z.ZodObject<S>> {
  const problems: ConfigProblem[] = [];
  const values: Record<string, string> = {};
  for (const [name, schema] of Object.entries(shape)) {
    const { value, problem } = rawValue(name, schema, env);
    if (problem !== undefined) {
      problems.push({ name, message: problem });
    } else if (value !== undefined) {
      values[name] = value;
    }
  }
  const parsed = z.object(shape).safeParse(values);
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0]);
    if (!problems.some((known) => known.name === name)) {
      problems.push({
        name,
        message: explain(issue, values[name], isSecret(shape[name])),
      });
    }
  }
  if (parsed.success && problems.length === 0) {
    check?.(parsed.data, (name, message) => problems.push({ name, message }));
  }
  if (!parsed.success || problems.length > 0) {
    throw new ConfigError(problems);
  }
  return parsed.data;
}
