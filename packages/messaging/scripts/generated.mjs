// Writes a generated file, or with --check compares it with what would be written.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

export async function emit(file, text) {
  const path = fileURLToPath(file);
  if (!process.argv.includes("--check")) {
    await writeFile(file, text);
    return;
  }
  const found = await readFile(file, "utf8").catch(() => undefined);
  if (found !== text) {
    console.error(
      `${path} is not what its sources give: run "pnpm --filter @easymo/messaging generate".`,
    );
    process.exitCode = 1;
  }
}
