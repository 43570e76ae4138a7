import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RoutingTable } from "@easymo/routing";
import {
  createLogger,
  createMetrics,
  createServiceKit,
  listen,
  type RunningService,
} from "@easymo/service-kit";
import { chromiumPath } from "@easymo/testbed";
import { type Browser, chromium } from "playwright-core";
import { createDemo } from "../app.js";
import { readDemoConfig } from "../config.js";
import { waveFile } from "../whatsapp/wave-file.js";

const routingFile = fileURLToPath(
  new URL("../../routing.yaml", import.meta.url),
);

const browserFlags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-features=SpareRendererForSitePerProcess",
  // A microphone, and nobody to ask for it.
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
];

/** Nobody needs to wait until an agent has spoken. */
const LINE_SPEED = 3;

/** The demo as it is but for telephone lines that hurry, on a free port, in this process. */
export function startDemo(): Promise<RunningService> {
  const config = readDemoConfig({ DEMO_PORT: "0", LOG_LEVEL: "error" });
  const logger = createLogger({ name: "demo", level: config.LOG_LEVEL });
  return listen(
    createDemo({
      config,
      kit: createServiceKit({ name: "demo", logger, metrics: createMetrics() }),
      lineSpeed: LINE_SPEED,
      routing: RoutingTable.parse(readFileSync(routingFile, "utf8")),
    }),
    { port: 0, host: "127.0.0.1" },
  );
}

/** A browser whose microphone hears this again and again. */
export async function startBrowser(microphone: Buffer): Promise<Browser> {
  const folder = await mkdtemp(join(tmpdir(), "easymo-microphone-"));
  const file = join(folder, "microphone.wav");
  await writeFile(file, waveFile(microphone));
  const browser = await chromium.launch({
    executablePath: await chromiumPath(),
    headless: true,
    args: [...browserFlags, `--use-file-for-fake-audio-capture=${file}`],
  });
  browser.once("disconnected", () => void rm(folder, { recursive: true }));
  return browser;
}
