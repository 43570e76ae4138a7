import { expect, test } from "@jest/globals";
import type { RunningService } from "@easymo/service-kit";
import { silence, tone } from "@easymo/telephone-audio";
import type { Browser } from "playwright-core";
import { ConsolePage } from "./console-page.js";
import { startBrowser, startDemo } from "./running-demo.js";

const A_CONVERSATION_MS = 150_000;

type ContextOptions = Parameters<Browser["newContext"]>[0];

/** One demo and one browser, for everyone who opens a console. */
export class World {
  #running: { demo: RunningService; browser: Browser } | undefined;

  async start(): Promise<void> {
    const microphone = Buffer.concat([
      tone({ hz: 300, durationMs: 1_200 }),
      silence(3_000),
    ]);
    const [demo, browser] = await Promise.all([
      startDemo(),
      startBrowser(microphone),
    ]);
    this.#running = { demo, browser };
  }

  async stop(): Promise<void> {
    await this.#running?.browser.close();
    await this.#running?.demo.close();
  }

  /**
   * What somebody does with a console of their own, beside others who do
   * something else: use numbers that nobody else has.
   */
  story(
    name: string,
    work: (console: ConsolePage) => Promise<void>,
    options: ContextOptions = {},
  ): void {
    test.concurrent(
      name,
      async () => {
        const console = await this.#open(options);
        try {
          await work(console);
          expect(console.errors).toEqual([]);
        } catch (error) {
          throw new Error(`${name}; the page then:\n${await console.text()}`, {
            cause: error,
          });
        } finally {
          await console.close();
        }
      },
      A_CONVERSATION_MS,
    );
  }

  #open(options: ContextOptions): Promise<ConsolePage> {
    if (this.#running === undefined) throw new Error("It has not started.");
    const { browser, demo } = this.#running;
    return ConsolePage.open(browser, demo.url, options);
  }
}
