/** Databases for tests. An embedded one takes seconds to be made, so each begins with the dump of one made before. */
import { createHash } from "node:crypto";
import {
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createLogger, systemClock } from "@easymo/service-kit";
import { postgresUrl } from "@easymo/testbed";
import { createDatabase } from "../database/create.js";
import { migrate } from "../database/migrate.js";
import { EmbeddedDatabase } from "../database/pglite.js";
import type { Database } from "../database/port.js";

const logger = createLogger({ name: "test", level: "silent" });
const service = fileURLToPath(new URL("../../", import.meta.url));
const cache = join(service, "node_modules/.cache/embedded-databases");

/** Both databases that the service runs on: every behaviour is tested on each. */
export const databases: readonly [string, () => Promise<string>][] = [
  ["PGlite", () => Promise.resolve("pglite:memory")],
  ["Postgres", postgresUrl],
];

/**
 * The database of that address, not open yet; one in memory has the schema already, unless it is to be `blank`.
 * Time-outs inside the drivers are real ones, whatever clock the service has.
 */
export async function testDatabase(
  url: string,
  { blank = false }: { blank?: boolean } = {},
): Promise<Database> {
  if (url !== "pglite:memory")
    return createDatabase(url, { clock: systemClock, logger });
  return new EmbeddedDatabase(undefined, await dump(blank));
}

/** Leaves a database with the schema in a folder, for a process to begin with. */
export async function fillFolder(directory: string): Promise<void> {
  const database = new EmbeddedDatabase(directory, await dump(false));
  await database.open();
  await database.close();
}

/** From the file that an earlier test left, of this version of everything; made when there is none. */
async function dump(blank: boolean): Promise<Blob> {
  const kind = blank ? "blank" : "migrated";
  const file = `${kind}-${await versionOf(blank ? [] : ["migrations"])}.tar`;
  try {
    return new Blob([await readFile(join(cache, file))]);
  } catch {
    const made = await makeDump(blank);
    await mkdir(cache, { recursive: true });
    const unfinished = join(cache, `${file}.${process.pid}`);
    await writeFile(unfinished, new Uint8Array(await made.arrayBuffer()));
    await rename(unfinished, join(cache, file));
    for (const old of await readdir(cache))
      if (old.startsWith(kind) && old.endsWith(".tar") && old !== file)
        await rm(join(cache, old), { force: true });
    return made;
  }
}

async function makeDump(blank: boolean): Promise<Blob> {
  const first = new EmbeddedDatabase(undefined);
  try {
    await first.open();
    if (!blank) await migrate(first, { nowMs: Date.now() });
    return await first.dump();
  } finally {
    await first.close();
  }
}

/** Of what a dump depends on. */
async function versionOf(folders: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  const pglite = "node_modules/@electric-sql/pglite/package.json";
  hash.update(await readFile(join(service, pglite)));
  for (const folder of folders)
    for (const name of (await readdir(join(service, folder))).sort())
      hash.update(name).update(await readFile(join(service, folder, name)));
  return hash.digest("hex").slice(0, 16);
}
