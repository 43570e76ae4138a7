import { createHmac } from "node:crypto";
import type { Clock } from "@easymo/service-kit";

/** One webhook that was sent, and how it was answered; 0 when it was not. */
export interface SentWebhook {
  readonly status: number;
  readonly signature: string;
  readonly body: string;
}

/** Meta goes on for days; a demo that is looked at, for a minute. */
const RETRY_AFTER_MS = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000];
const TIMEOUT_MS = 10_000;

/**
 * Posts webhooks as Meta does: signed with the app's secret over the bytes of
 * the body, and again until they are answered with 200.
 * Source: https://developers.facebook.com/docs/graph-api/webhooks/getting-started
 */
export class WebhookSender {
  readonly #appSecret: string;
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #url: string | undefined;
  #closed = false;

  constructor(options: { appSecret: string; clock: Clock }) {
    this.#appSecret = options.appSecret;
    this.#clock = options.clock;
  }

  /** Where the bot listens. */
  pointAt(url: string): void {
    this.#url = url;
  }

  /** Sends no more, and tries nothing again. */
  close(): void {
    this.#closed = true;
    for (const wake of this.#waiting) wake();
  }

  /**
   * Resolves with true once the bot has taken it, with false when it never did.
   * `onSent` hears of each try.
   */
  async deliver(
    webhook: unknown,
    onSent: (sent: SentWebhook) => void,
  ): Promise<boolean> {
    const body = JSON.stringify(webhook);
    for (const waitMs of [...RETRY_AFTER_MS, undefined]) {
      if (this.#closed) return false;
      const sent = await this.#post(body);
      onSent(sent);
      if (sent.status === 200) return true;
      if (waitMs === undefined) return false;
      await this.#pause(waitMs);
    }
    return false;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        timer.cancel();
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = this.#clock.setTimeout(wake, ms);
      this.#waiting.add(wake);
    });
  }

  async #post(body: string): Promise<SentWebhook> {
    const digest = createHmac("sha256", this.#appSecret).update(body);
    const signature = `sha256=${digest.digest("hex")}`;
    try {
      const response = await fetch(this.#url ?? "", {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-hub-signature-256": signature,
        },
        body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.arrayBuffer();
      return { status: response.status, signature, body };
    } catch {
      return { status: 0, signature, body };
    }
  }
}
