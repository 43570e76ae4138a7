import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { run } from "./run.js";

const NAMES = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
];

/**
 * The path of a Chromium: CHROMIUM_PATH, else one on the PATH, else playwright's own, else (as root on Debian) it is
 * installed by apt-get. Rejects with one sentence that says what to install.
 */
export async function chromiumPath(): Promise<string> {
  const found = await findChromium();
  if (found !== undefined) return found;
  if (process.getuid?.() === 0 && (await onPath(["apt-get"])) !== undefined) {
    await run("flock", [
      "/tmp/easymo-apt.lock",
      "sh",
      "-c",
      "command -v chromium || apt-get install -y -q chromium || (apt-get update -q && apt-get install -y -q chromium)",
    ]);
    const installed = await findChromium();
    if (installed !== undefined) return installed;
  }
  throw new Error(
    "Chromium is missing: install it (on Debian: apt-get install chromium) or set CHROMIUM_PATH.",
  );
}

async function findChromium(): Promise<string | undefined> {
  const given = process.env.CHROMIUM_PATH;
  if (given !== undefined && given !== "") return given;
  return (await onPath(NAMES)) ?? (await playwrightsOwn());
}

/** Loaded when it is needed: it is the largest of all that tests load, and most need no browser. */
async function playwrightsOwn(): Promise<string | undefined> {
  const { chromium } = await import("playwright-core");
  const path = chromium.executablePath();
  return (await isExecutable(path)) ? path : undefined;
}

async function onPath(names: readonly string[]): Promise<string | undefined> {
  const folders = (process.env.PATH ?? "").split(delimiter);
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (await isExecutable(path)) return path;
    }
  }
  return undefined;
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
