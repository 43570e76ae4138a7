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
import { decodeMulaw, MULAW_SAMPLE_RATE_HZ } from "@easymo/telephone-audio";
import { chromiumPath, until } from "@easymo/testbed";
import { type Browser, chromium, type Page } from "playwright-core";
import { createDemo } from "../app.js";
import { readDemoConfig } from "../config.js";

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
  // A microphone, and nobody to ask for it.
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
];

/** The demo as it is, on a free port, in this process. */
export function startDemo(): Promise<RunningService> {
  const config = readDemoConfig({ DEMO_PORT: "0", LOG_LEVEL: "error" });
  const logger = createLogger({ name: "demo", level: config.LOG_LEVEL });
  return listen(
    createDemo({
      config,
      kit: createServiceKit({ name: "demo", logger, metrics: createMetrics() }),
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

/** Telephone audio as a WAV file of 16-bit samples. */
function waveFile(mulaw: Buffer): Buffer {
  const pcm = decodeMulaw(mulaw);
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + pcm.byteLength, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(MULAW_SAMPLE_RATE_HZ, 24);
  header.writeUInt32LE(2 * MULAW_SAMPLE_RATE_HZ, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(pcm.byteLength, 40);
  return Buffer.concat([header, Buffer.from(pcm.buffer)]);
}

/** A console that somebody has open, and what they do with it. */
export class ConsolePage {
  readonly page: Page;
  readonly errors: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.errors.push(error.message));
  }

  static async open(
    browser: Browser,
    url: string,
    options: Parameters<Browser["newContext"]>[0] = {},
  ): Promise<ConsolePage> {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(40_000);
    const console = new ConsolePage(await context.newPage());
    await console.page.goto(url);
    await console.page.getByText("Live", { exact: true }).waitFor();
    await console.page.getByRole("radio", { name: /sales/ }).waitFor();
    return console;
  }

  close(): Promise<void> {
    return this.page.context().close();
  }

  /** Calls whom the form says, and waits until somebody speaks there. */
  async call(from: string, line = /sales/): Promise<void> {
    await this.page.getByRole("radio", { name: line }).check({ force: true });
    await this.page.getByLabel("Your own number").fill(from);
    await this.page.getByRole("button", { name: /^Call\b/ }).click();
    await this.hears("agent");
  }

  async say(text: string): Promise<void> {
    await this.page.getByLabel(/^What you say/).fill(text);
    await this.page.getByRole("button", { name: /^Speak/ }).click();
  }

  /** Resolves when sound of that side comes out of the page. */
  async hears(side: "agent" | "caller"): Promise<void> {
    await this.#levelIs(side, (level) => level > 0.2);
  }

  /** Resolves when nothing of that side is to be heard. */
  async hearsNothing(side: "agent" | "caller"): Promise<void> {
    await this.#levelIs(side, (level) => level === 0);
  }

  /** A line of the transcript. */
  line(text: string | RegExp) {
    return this.page.getByRole("log").getByRole("listitem").filter({
      hasText: text,
    });
  }

  /** The dialling form is back: the call is over. */
  async callIsOver(): Promise<void> {
    await this.page.getByRole("button", { name: /^Call\b/ }).waitFor();
  }

  async #levelIs(
    side: "agent" | "caller",
    matches: (level: number) => boolean,
  ): Promise<void> {
    const meter = this.page.locator(`#${side}-level`);
    await until(
      async () => matches(Number(await meter.getAttribute("value"))),
      {
        what: `The sound of the ${side}`,
        timeoutMs: 40_000,
      },
    );
  }
}
