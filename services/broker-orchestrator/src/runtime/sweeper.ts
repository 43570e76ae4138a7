import type { Clock, Logger } from "@easymo/service-kit";
import type { Unfinished } from "./conversations.js";

/** Of one tenant and round, and of one round; what is more waits for the next. */
const MAX_OF_TENANT = 64;
const MAX_AT_ONCE = 256;

export interface SweeperOptions {
  tenants(): Iterable<string>;
  /** What nobody has been at for too long; each is given to one replica. */
  unfinished(tenantId: string, limit: number): Promise<readonly Unfinished[]>;
  /** Resolves when it has been seen to. */
  resume(found: Unfinished, signal: AbortSignal): Promise<void>;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Looks for conversations with something left to be done that nobody is at: its event may have been committed by whoever
 * did not do it. No replica leads; what one finds no other does.
 */
export class Sweeper {
  readonly #options: SweeperOptions;
  readonly #stopping = new AbortController();
  readonly #stopped = Promise.withResolvers<void>();
  #running: Promise<void> = Promise.resolve();

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** What is at work is left to whoever finds it next. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#stopped.resolve();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const { logger } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#round(signal);
      } catch (error) {
        logger.debug({ err: error }, "unfinished effects cannot be looked for");
      }
      await this.#pause();
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    const options = this.#options;
    const resumed: Promise<void>[] = [];
    try {
      for (const tenantId of options.tenants()) {
        const left = Math.min(MAX_OF_TENANT, MAX_AT_ONCE - resumed.length);
        if (signal.aborted || left <= 0) break;
        const found = await options.unfinished(tenantId, left);
        if (found.length === 0) continue;
        options.logger.warn(
          { tenantId, conversations: found.length },
          "effects were left undone; doing them now",
        );
        resumed.push(...found.map((one) => options.resume(one, signal)));
      }
    } finally {
      await Promise.race([Promise.all(resumed), this.#stopped.promise]);
    }
  }

  #pause(): Promise<void> {
    const { signal } = this.#stopping;
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        signal.removeEventListener("abort", end);
        resolve();
      };
      const { clock, everyMs } = this.#options;
      const timer = clock.setTimeout(end, everyMs);
      signal.addEventListener("abort", end, { once: true });
      if (signal.aborted) end();
    });
  }
}
