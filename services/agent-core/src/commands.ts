import { parseArgs } from "node:util";
import {
  type Clock,
  ConfigError,
  type Environment,
  type Logger,
} from "@easymo/service-kit";
import { readDatabaseConfig } from "./config.js";
import { createDatabase } from "./database/create.js";
import { isConnectionFailure } from "./database/errors.js";
import { migrate } from "./database/migrate.js";
import type { Database } from "./database/port.js";
import { seedVendors } from "./seed/seed.js";

const help = {
  "": `Usage: agent-core <command>

Commands
  migrate   bring the database's schema up to date
  seed      give a tenant the demo's vendors

Run a command with --help for more.`,
  migrate: `Usage: agent-core migrate

Brings the schema of the database that DATABASE_URL names up to date: every
migration that it does not have yet, all of them or none. The service does the
same when it starts; this is for those who want it done before.

Environment
  DATABASE_URL   pglite:<folder> or postgres://<user>@<host>/<database>
                 (pglite:./data when it is not set)`,
  seed: `Usage: agent-core seed --tenant <tenantId>

Gives a tenant a dozen sellers of moto spare parts in Kigali, for trying things
out. Doing it again makes them what they were. The schema is brought up to date
first.

Options
  --tenant <tenantId>   whose vendors they are to be

Environment
  DATABASE_URL   pglite:<folder> or postgres://<user>@<host>/<database>
                 (pglite:./data when it is not set)`,
} as const;

const exitCodes = { ok: 0, failed: 1, usage: 64, config: 78 } as const;

/** What a command works with. */
export interface CommandDeps {
  readonly env: Environment;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly print: (text: string) => void;
  readonly complain: (text: string) => void;
}

/** Does what a command line says; the answer is the exit code of the process. */
export async function runCommand(
  args: readonly string[],
  deps: CommandDeps,
): Promise<number> {
  const parsed = parsedArguments(args);
  if ("wrong" in parsed) {
    deps.complain(`${parsed.wrong}\n\n${help[parsed.command]}`);
    return exitCodes.usage;
  }
  if (parsed.help) {
    deps.print(help[parsed.command]);
    return exitCodes.ok;
  }
  try {
    const { DATABASE_URL } = readDatabaseConfig(deps.env);
    const database = createDatabase(DATABASE_URL, deps);
    try {
      await database.open();
      await work(database, parsed, deps);
    } finally {
      await database.close();
    }
    return exitCodes.ok;
  } catch (error) {
    deps.complain(complaintOf(error));
    return error instanceof ConfigError ? exitCodes.config : exitCodes.failed;
  }
}

type Command = keyof typeof help;

type Parsed =
  | { readonly command: Command; readonly wrong: string }
  | {
      readonly command: Command;
      readonly help: boolean;
      readonly tenantId: string;
    };

/** What a command line asks for. Pure. */
function parsedArguments(args: readonly string[]): Parsed {
  const [first = "", ...rest] = args;
  if (first === "--help" || first === "-h")
    return { command: "", help: true, tenantId: "" };
  if (first !== "migrate" && first !== "seed")
    return {
      command: "",
      wrong: first === "" ? "Which command?" : `There is no command ${first}.`,
    };
  try {
    const { values } = parseArgs({
      // pnpm passes the -- on that stands before a script's own arguments.
      args: rest.filter((one) => one !== "--"),
      options: {
        help: { type: "boolean", short: "h", default: false },
        ...(first === "seed" ? { tenant: { type: "string" as const } } : {}),
      },
    });
    const tenantId = typeof values.tenant === "string" ? values.tenant : "";
    if (first === "seed" && !values.help && tenantId.trim() === "")
      return { command: first, wrong: "Say whose: --tenant <tenantId>." };
    return { command: first, help: values.help, tenantId: tenantId.trim() };
  } catch (error) {
    return { command: first, wrong: complaintOf(error) };
  }
}

async function work(
  database: Database,
  { command, tenantId }: { command: Command; tenantId: string },
  { clock, print }: CommandDeps,
): Promise<void> {
  const nowMs = clock.now();
  const applied = await migrate(database, { nowMs });
  print(
    applied.length === 0
      ? "The schema is up to date."
      : `Applied ${applied.join(", ")}.`,
  );
  if (command !== "seed") return;
  const count = await seedVendors(database, { tenantId, nowMs });
  print(`${tenantId} has ${count} vendors of moto spare parts in Kigali.`);
}

function complaintOf(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  const message = Error.isError(error) ? error.message : String(error);
  return isConnectionFailure(error)
    ? `The database does not answer: ${message || "no connection"}. Check DATABASE_URL.`
    : message;
}
