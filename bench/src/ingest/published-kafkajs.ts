import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type * as kafkajs from "kafkajs";

const PATCH = fileURLToPath(
  new URL("../../../patches/kafkajs@2.2.4.patch", import.meta.url),
);

/** kafkajs without the patch that this repository installs it with. */
export interface PublishedKafkajs {
  /** Where it is, until it is removed. */
  readonly folder: string;
  readonly module: typeof kafkajs;
  remove(): Promise<void>;
}

/**
 * kafkajs 2.2.4 as everybody else has it: the installed one in a folder of its own, with our patch taken back. Every file is
 * compared with what the patch says of the published one (git's hash of it); throws when one is another.
 */
export async function publishedKafkajs(): Promise<PublishedKafkajs> {
  const installed = dirname(fileURLToPath(import.meta.resolve("kafkajs")));
  const folder = await mkdtemp(join(tmpdir(), "kafkajs-published-"));
  const remove = () => rm(folder, { recursive: true });
  try {
    await cp(installed, folder, { recursive: true });
    await promisify(execFile)("git", ["apply", "--reverse", PATCH], {
      cwd: folder,
      // Not as a part of a repository that happens to be around the folder.
      env: { ...process.env, GIT_CEILING_DIRECTORIES: dirname(folder) },
    });
    await compare(folder);
    const loaded: unknown = await import(
      pathToFileURL(join(folder, "index.js")).href
    );
    if (!isKafkajs(loaded)) throw new Error("kafkajs could not be loaded");
    return { folder, module: loaded, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Each file of the patch: `index <hash of the published>..<hash of ours>`, then its name. */
const PATCHED_FILE =
  /^index ([0-9a-f]+)\.\.[0-9a-f]+ \d+\n--- a\/(\S+)\n\+\+\+ b\/\2$/gm;

async function compare(folder: string): Promise<void> {
  const patch = await readFile(PATCH, "utf8");
  const files = [...patch.matchAll(PATCHED_FILE)];
  if (files.length !== patch.split("\ndiff --git ").length)
    throw new Error("the patch of kafkajs does not say what it is made from");
  for (const [, hash = "", file = ""] of files) {
    const bytes = await readFile(join(folder, file));
    const found = createHash("sha1")
      .update(`blob ${bytes.length}\0`)
      .update(bytes)
      .digest("hex");
    if (!found.startsWith(hash))
      throw new Error(`${file} is not as kafkajs was published`);
  }
}

function isKafkajs(loaded: unknown): loaded is typeof kafkajs {
  return (
    typeof loaded === "object" &&
    loaded !== null &&
    "Kafka" in loaded &&
    typeof loaded.Kafka === "function" &&
    "logLevel" in loaded
  );
}
