import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { EmbeddedDatabase } from "./pglite.js";

/** Where an image has it; the same place from `src` and from `dist`. A checkout has none. */
const BLANK_FILE = fileURLToPath(
  new URL("../../blank-database.tar.gz", import.meta.url),
);

/**
 * What `initdb` makes, as it was made when the image was built: making it takes seconds of processor time, unpacking it
 * less than one. Undefined where there is no such file: `initdb` runs then.
 */
export function blankContents(file = BLANK_FILE): Blob | undefined {
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
export async function writeBlank(file: string): Promise<void> {
  const database = new EmbeddedDatabase(undefined);
  try {
    await database.open();
    const dump = await database.dump("gzip");
    await writeFile(file, new Uint8Array(await dump.arrayBuffer()));
  } finally {
    await database.close();
  }
}
