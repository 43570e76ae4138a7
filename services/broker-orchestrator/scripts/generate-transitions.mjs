// Writes docs/transitions.md from the machine's rows; with --check, compares instead.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { format } from "prettier";
import { transitionTable } from "../dist/machine/table.js";

const path = join(import.meta.dirname, "../../../docs/transitions.md");
const made = await format(transitionTable(), { parser: "markdown" });
if (process.argv.includes("--check")) {
  const present = await readFile(path, "utf8").catch(() => "");
  if (present !== made) {
    console.error("docs/transitions.md is not what the machine's rows say");
    process.exit(1);
  }
} else {
  await writeFile(path, made);
}
