import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { type Database, select, type Sql } from "./port.js";

/** The folder of the service's own migrations; the same place from `src` and from `dist`. */
const migrationsDirectory = fileURLToPath(
  new URL("../../migrations/", import.meta.url),
);

// Any number, as long as nobody else locks it: replicas that start together migrate one after another.
const migrationLock = 4_000_100_200;

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
}

const appliedRow = z.object({ version: z.number(), checksum: z.string() });

/**
 * Brings the schema up to date: each `NNN_name.sql` that has not been applied yet, in order, all in one transaction.
 *
 * @returns the names of those that were applied now
 * @throws when a file that has been applied was changed since, or is not there any more
 */
export async function migrate(
  database: Database,
  options: { directory?: string; nowMs: number },
): Promise<string[]> {
  const migrations = await readMigrations(
    options.directory ?? migrationsDirectory,
  );
  const at = new Date(options.nowMs).toISOString();
  return database.transaction(async (sql) => {
    await sql.query("select pg_advisory_xact_lock($1)", [migrationLock]);
    await sql.query(
      `create table if not exists schema_migrations (
         version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null)`,
    );
    const pending = pendingOf(migrations, await appliedOn(sql));
    for (const { version, name, text, checksum } of pending) {
      await sql.script(text);
      await sql.query(
        "insert into schema_migrations (version, name, checksum, applied_at) values ($1, $2, $3, $4)",
        [version, name, checksum, at],
      );
    }
    return pending.map(({ name }) => name);
  });
}

/** What is left to do; refuses a history that is not ours. Pure. */
function pendingOf(
  migrations: readonly Migration[],
  applied: ReadonlyMap<number, string>,
): readonly Migration[] {
  const known = new Map(migrations.map((one) => [one.version, one]));
  for (const [version, checksum] of applied) {
    const migration = known.get(version);
    if (migration === undefined)
      throw new Error(
        `the database has migration ${version}, which this version of the service does not: run a newer one`,
      );
    if (migration.checksum !== checksum)
      throw new Error(
        `migration ${migration.name} was changed after it had been applied: restore it and add a new one`,
      );
  }
  return migrations.filter(({ version }) => !applied.has(version));
}

async function appliedOn(sql: Sql): Promise<Map<number, string>> {
  const rows = await select(
    sql,
    appliedRow,
    "select version, checksum from schema_migrations order by version",
  );
  return new Map(rows.map(({ version, checksum }) => [version, checksum]));
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const files = (await readdir(directory)).filter((file) =>
    file.endsWith(".sql"),
  );
  const migrations = await Promise.all(
    files.map(async (name) => {
      const version = Number(/^(\d{3})_[a-z0-9_]+\.sql$/.exec(name)?.[1]);
      if (Number.isNaN(version))
        throw new Error(`${name} is not named NNN_what_it_does.sql`);
      const text = await readFile(`${directory}/${name}`, "utf8");
      const checksum = createHash("sha256").update(text).digest("hex");
      return { version, name, text, checksum };
    }),
  );
  return migrations.sort((a, b) => a.version - b.version);
}
