import { parseArgs } from "node:util";
import type { DeadLetterFilter } from "./dead-letter.js";

/** What the command is asked to do. */
export type Command =
  | { readonly name: "help" }
  | {
      readonly name: "list";
      readonly filter: DeadLetterFilter;
      readonly limit: number;
      readonly json: boolean;
    }
  | {
      readonly name: "show";
      readonly id: string;
      readonly reveal: boolean;
      readonly json: boolean;
    }
  | {
      readonly name: "replay" | "drop";
      readonly filter: DeadLetterFilter;
      readonly json: boolean;
    };

/** The command line makes no sense; the message says why. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const usage = `Records that consumers gave up on (broker.dlq), and what to do about them.

  dlq list   [filters] [--limit <n>] [--json]   the open ones, the latest first (default: 50)
  dlq show   <id> [--reveal] [--json]           one with its headers; words and numbers are masked unless --reveal
  dlq replay <id>… | --all [filters] [--json]   have them handled again
  dlq drop   <id>… | --all [filters] [--json]   close them: nothing becomes of them

Filters:
  --topic <name>    the topic that it was first on
  --type <type>     the event's type, such as message.received
  --tenant <id>
  --group <name>    the consumer group that gave it up
  --reason <text>   the reason itself, or a part of the error
  --since <when>    given up then or later: 30m, 24h, 7d, or a time such as 2026-01-31T12:00:00Z

An id is the dead letter's own, such as 1-42, or its event's.

A replay puts the record back on its topic with its key and id: consumers that handled it drop it, the one that failed
handles it. After six days it goes to that one alone, through broker.retry.

Environment: KAFKA_BROKERS, REDIS_URL, and KAFKA_SSL, KAFKA_SASL_* where the brokers want them.
Exit codes: 0 done, 1 not (all) done, 64 wrong command line, 78 wrong environment.
`;

/** A dead letter's own, or its event's: all of ours are UUIDs. */
const ID = /^(?:\d+-\d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;
const DEFAULT_LIMIT = 50;
const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const options = {
  help: { type: "boolean", short: "h" },
  json: { type: "boolean" },
  all: { type: "boolean" },
  reveal: { type: "boolean" },
  limit: { type: "string" },
  topic: { type: "string" },
  type: { type: "string" },
  tenant: { type: "string" },
  group: { type: "string" },
  reason: { type: "string" },
  since: { type: "string" },
} as const;

/** Reads the command line. Throws UsageError. Pure. */
export function parseCommand(argv: readonly string[], nowMs: number): Command {
  const { values, positionals } = parsed(argv);
  const [name, ...rest] = positionals;
  if (values.help === true || name === "help") return { name: "help" };
  const { json = false, all = false, reveal = false } = values;
  const filter = filterOf(values, nowMs);
  const ids = rest.filter((id) => id !== "");
  const stray = ids.find((id) => !ID.test(id));
  if (stray !== undefined)
    throw new UsageError(
      `"${stray}" is no id; ids look like 1-42, or are the event's.`,
    );
  switch (name) {
    case "list":
      if (ids.length > 0) throw new UsageError("list takes filters, no ids.");
      return { name, filter, json, limit: limitOf(values.limit) };
    case "show": {
      const [id, ...more] = ids;
      if (id === undefined || more.length > 0)
        throw new UsageError("show takes one id.");
      return { name, id, reveal, json };
    }
    case "replay":
    case "drop":
      if (all === ids.length > 0)
        throw new UsageError(`${name} takes ids, or --all with filters.`);
      return { name, json, filter: all ? filter : { ...filter, ids } };
    case undefined:
      throw new UsageError("Say what to do: list, show, replay or drop.");
    default:
      throw new UsageError(`There is no command "${name}".`);
  }
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      // pnpm hands a bare -- on.
      args: argv.filter((argument) => argument !== "--"),
      options,
      allowPositionals: true,
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : "?");
  }
}

function filterOf(
  values: Readonly<
    Partial<
      Record<"topic" | "type" | "tenant" | "group" | "reason" | "since", string>
    >
  >,
  nowMs: number,
): DeadLetterFilter {
  const { topic, type, tenant, group, reason, since } = values;
  return {
    ...(topic === undefined ? {} : { topic }),
    ...(type === undefined ? {} : { type }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(group === undefined ? {} : { group }),
    ...(reason === undefined ? {} : { reason }),
    ...(since === undefined ? {} : { sinceMs: sinceOf(since, nowMs) }),
  };
}

function sinceOf(since: string, nowMs: number): number {
  const [, count, unit = ""] = /^(\d{1,6})([smhd])$/.exec(since) ?? [];
  const unitMs = UNIT_MS[unit];
  if (count !== undefined && unitMs !== undefined)
    return nowMs - Number(count) * unitMs;
  const atMs = /^\d{4}-\d{2}-\d{2}/.test(since) ? Date.parse(since) : NaN;
  if (Number.isNaN(atMs))
    throw new UsageError(
      `--since takes 30m, 24h, 7d or a time such as 2026-01-31T12:00:00Z, not "${since}".`,
    );
  return atMs;
}

function limitOf(limit: string | undefined): number {
  if (limit === undefined) return DEFAULT_LIMIT;
  if (!/^[1-9]\d{0,6}$/.test(limit))
    throw new UsageError("--limit takes a number from 1 on.");
  return Number(limit);
}
