import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { migrate } from "./migrate.js";
import { EmbeddedDatabase } from "./pglite.js";

/** Where an image has it; the same place from `src` and from `dist`. A checkout has none. */
const PREPARED_FILE = fileURLToPath(
  new URL("../../prepared-database.tar.gz", import.meta.url),
);

/**
 * A database as `initdb` and the migrations make it, made when the image was built: to make it takes seconds of the
 * processor and a gigabyte of memory, to unpack it a fraction. Undefined where there is no such file: it is made then.
 */
export function preparedContents(file = PREPARED_FILE): Blob | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    return undefined;
  }
  // By this type PGlite knows that it is to be unpacked.
  return new Blob([new Uint8Array(bytes)], { type: "application/x-gzip" });
}

/** Writes that file, for new databases to begin with. */
export async function writePrepared(
  file: string,
  { nowMs }: { nowMs: number },
): Promise<void> {
  const database = new EmbeddedDatabase(undefined);
  try {
    await database.open();
    await migrate(database, { nowMs });
    const dump = await database.dump("gzip");
    await writeFile(file, new Uint8Array(await dump.arrayBuffer()));
  } finally {
    await database.close();
  }
}
