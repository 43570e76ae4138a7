import type { KeyValueStore } from "@easymo/messaging";
import type { Clock } from "@easymo/service-kit";
import { z } from "zod";
import { pause } from "./pause.js";
import { takeToken, type Rate } from "./token-bucket.js";

/**
 * Meta's limits: 80 messages a second from a number; to one person one in 6 s, 45 of which may come at once.
 * Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput and
 * https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages (pair rate limits)
 */
const PER_NUMBER: Rate = { burst: 80, everyMs: 1_000 / 80 };
const PER_PAIR: Rate = { burst: 45, everyMs: 6_000 };

/** A bucket that nobody touched for longer than it takes to fill, and a minute, need not be kept. */
const KEPT_BESIDES_MS = 60_000;

const bucketShape = z.object({ tokens: z.number(), atMs: z.number() });

/** Keeps the replicas together within Meta's rates. */
export class SendRates {
  readonly #store: KeyValueStore;
  readonly #clock: Clock;
  /** Who waits for a bucket here, one after another: only replicas contend for it in the store. */
  readonly #queues = new Map<string, Promise<unknown>>();

  constructor(store: KeyValueStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Resolves when one message may go; rejects when the store is away or the signal comes first. */
  async wait(
    phoneNumberId: string,
    person: string,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#inTurn(
      `whatsapp:rate:${phoneNumberId}:${person}`,
      PER_PAIR,
      signal,
    );
    await this.#inTurn(`whatsapp:rate:${phoneNumberId}`, PER_NUMBER, signal);
  }

  async #inTurn(key: string, rate: Rate, signal: AbortSignal): Promise<void> {
    const mine = (this.#queues.get(key) ?? Promise.resolve()).then(() =>
      this.#token(key, rate, signal),
    );
    const settled = mine.catch(() => undefined);
    this.#queues.set(key, settled);
    try {
      await mine;
    } finally {
      if (this.#queues.get(key) === settled) this.#queues.delete(key);
    }
  }

  async #token(key: string, rate: Rate, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const before = await this.#store.get(key);
      const result = takeToken(bucketOf(before), rate, this.#clock.now());
      if (!result.taken) {
        await pause(this.#clock, result.waitMs, signal);
        continue;
      }
      const after = JSON.stringify(result.bucket);
      const ttlMs = Math.ceil(rate.burst * rate.everyMs) + KEPT_BESIDES_MS;
      if (await this.#store.compareAndSet(key, before, after, { ttlMs }))
        return;
    }
  }
}

function bucketOf(value: string | undefined) {
  if (value === undefined) return undefined;
  return bucketShape.parse(JSON.parse(value));
}
