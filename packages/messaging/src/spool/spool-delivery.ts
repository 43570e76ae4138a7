import type { Logger } from "pino";
import type { Bus } from "../bus/bus.js";
import { delay, type Clock } from "../clock.js";
import { MessagingError } from "../errors.js";
import type { SpoolFiles } from "./spool-files.js";
import type { SpoolItem } from "./spool-item.js";
import type { SpoolMetrics } from "./spool-metrics.js";

export interface SpoolDeliveryOptions {
  readonly bus: Bus;
  readonly files: SpoolFiles;
  readonly metrics: SpoolMetrics;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly closing: AbortSignal;
  /** The bus takes its time over a batch. */
  slow(): void;
  /** One record is acknowledged, or refused for good. */
  settled(): void;
}

/** Acknowledgements that take longer than this are slow. */
const SLOW_AFTER_MS = 250;
const AGAIN_MS = 200;

/** Brings batches of the spool's records to the bus, until it takes them. */
export class SpoolDelivery {
  readonly #options: SpoolDeliveryOptions;

  constructor(options: SpoolDeliveryOptions) {
    this.#options = options;
  }

  /** Resolves when every record is acknowledged or refused for good, or when the publisher closes. */
  async deliver(batch: readonly SpoolItem[]): Promise<void> {
    const { clock, closing } = this.#options;
    const patience = clock.setTimeout(
      () => this.#options.slow(),
      SLOW_AFTER_MS,
    );
    let left = batch;
    while (left.length > 0 && !closing.aborted) {
      left = await this.#send(left);
      if (left.length > 0) await delay(clock, AGAIN_MS, closing);
    }
    patience.cancel();
  }

  /** Remembers on the disk how far the batch came. */
  async saveProgress(batch: readonly SpoolItem[]): Promise<void> {
    const { files, logger } = this.#options;
    const last = batch.findLast(
      ({ delivered, end }) => delivered && end !== undefined,
    );
    if (last?.end === undefined) return;
    try {
      await files.delivered(last.end);
    } catch (error) {
      // Unsaved, the next run would deliver them once more, under the same ids.
      logger.warn({ err: error }, "the spool's position was not saved");
    }
  }

  /** Sends each record by itself, all at once: the bus keeps their order by key. Gives those that must be sent again. */
  async #send(batch: readonly SpoolItem[]): Promise<SpoolItem[]> {
    const { bus, closing } = this.#options;
    const results = await Promise.allSettled(
      batch.map(({ record }) =>
        // The same records are offered until they are taken, so that the broker can tell a repeat.
        bus.publish([record], {
          timeoutMs: Number.POSITIVE_INFINITY,
          signal: closing,
        }),
      ),
    );
    return batch.filter((item, at) => {
      const result = results[at];
      if (result?.status === "rejected" && isRetryable(result.reason))
        return true;
      if (result?.status === "rejected") this.#refused(item, result.reason);
      item.delivered = true;
      this.#options.settled();
      return false;
    });
  }

  #refused({ record: { topic } }: SpoolItem, reason: unknown): void {
    const { metrics, logger } = this.#options;
    metrics.refused.inc({ topic });
    logger.error({ err: reason, topic }, "an event was refused by the bus");
  }
}

function isRetryable(error: unknown): boolean {
  return !(error instanceof MessagingError) || error.retryable;
}
