import type { IdempotencyStore } from "@easymo/messaging";
import type { Clock, Logger } from "@easymo/service-kit";
import { inFlight, SendError } from "./errors.js";
import { pause } from "./pause.js";

export interface SendOnceDeps {
  readonly idempotency: IdempotencyStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** It is renewed while its owner lives, and longer than one send may take: a lease that has ended means that its owner has. */
const LEASE_MS = 15_000;
/** A message is sent once, however late it is published again. */
const REMEMBERED_MS = 90 * 24 * 3_600_000;
const ASK_AGAIN_MS = 1_000;
const CONFIRM_TRIES = 5;
const CONFIRM_PAUSE_MS = 300;

/** Sends under a key once, over restarts and replicas: claimed, sent, confirmed. */
export class SendOnce {
  readonly #deps: SendOnceDeps;

  constructor(deps: SendOnceDeps) {
    this.#deps = deps;
  }

  /** Resolves with Meta's id of the message, sent now or before. */
  async run(
    key: string,
    work: {
      fingerprint: string;
      /** How long somebody else's claim is waited for: it ends with their send, or with their lease. */
      patientUntilMs?: number;
      signal: AbortSignal;
      send: () => Promise<string>;
    },
  ): Promise<{ messageId: string; isFresh: boolean }> {
    const { idempotency, clock } = this.#deps;
    const { patientUntilMs = clock.monotonicMs() + 2 * LEASE_MS } = work;
    const claim = await idempotency.claim(key, {
      fingerprint: work.fingerprint,
      leaseMs: LEASE_MS,
    });
    switch (claim.outcome) {
      case "done":
        return { messageId: claim.answer, isFresh: false };
      case "in_flight":
        if (patientUntilMs < clock.monotonicMs()) throw inFlight();
        await pause(
          clock,
          Math.min(claim.retryAfterMs, ASK_AGAIN_MS),
          work.signal,
        );
        return this.run(key, { ...work, patientUntilMs });
      case "mismatch":
        throw new SendError(
          "dedupe_key_reused",
          "the key belongs to a message to someone else",
          { retryable: false },
        );
      case "claimed":
    }
    let messageId: string;
    try {
      messageId = await this.#renewing(key, claim.token, work.send);
    } catch (error) {
      // What cannot be given back ends with its lease.
      await idempotency.release(key, claim.token).catch(() => undefined);
      throw error;
    }
    await this.#confirm(key, claim.token, messageId);
    return { messageId, isFresh: true };
  }

  /** Runs the send with a claim that is renewed: waiting for the person's rate may take longer than a lease. */
  async #renewing(
    key: string,
    token: string,
    send: () => Promise<string>,
  ): Promise<string> {
    const { idempotency, clock } = this.#deps;
    let timer = clock.setTimeout(renew, LEASE_MS / 3);
    function renew(): void {
      // A store that is away now may be back before the lease ends.
      void idempotency
        .extend(key, token, { leaseMs: LEASE_MS })
        .catch(() => false);
      timer = clock.setTimeout(renew, LEASE_MS / 3);
    }
    try {
      return await send();
    } finally {
      timer.cancel();
    }
  }

  /** Unsaid, the message would be sent again after the lease. */
  async #confirm(key: string, token: string, answer: string): Promise<void> {
    const { idempotency, clock, logger } = this.#deps;
    for (let tries = 1; ; tries++) {
      try {
        await idempotency.confirm(key, token, {
          answer,
          ttlMs: REMEMBERED_MS,
        });
        return;
      } catch (error) {
        if (tries === CONFIRM_TRIES) {
          logger.error({ err: error }, "sent, but not confirmed in the store");
          return;
        }
        await new Promise<void>((resolve) => {
          clock.setTimeout(resolve, CONFIRM_PAUSE_MS);
        });
      }
    }
  }
}
