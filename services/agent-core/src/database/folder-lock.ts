import { readFile, rm, writeFile } from "node:fs/promises";

/** A folder that this process alone may use, until it lets go. */
export interface FolderLock {
  release(): Promise<void>;
}

/**
 * Two embedded databases on one folder would destroy it, and nothing in them prevents that. The lock is a file beside the
 * folder with the id of the process that has it; one that a process left behind when it was killed counts for nothing.
 *
 * @throws when another process that runs has the folder
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const file = `${folder}.lock`;
  const owner = await ownerOf(file);
  if (owner !== undefined && owner !== process.pid && isRunning(owner))
    throw new Error(
      `${folder} is in use by process ${owner}: end it, or remove ${file} if it is another program`,
    );
  await rm(file, { force: true });
  // Fails when another process was faster since.
  await writeFile(file, String(process.pid), { flag: "wx" });
  return { release: () => rm(file, { force: true }) };
}

async function ownerOf(file: string): Promise<number | undefined> {
  try {
    const pid = Number(await readFile(file, "utf8"));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    // Signal 0 only asks whether there is such a process.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return Error.isError(error) && "code" in error && error.code === "EPERM";
  }
}
