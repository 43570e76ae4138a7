import {
  createConsumer,
  type EventConsumer,
  type EventHandler,
} from "@easymo/messaging";
import type { WhatsAppBotDeps } from "./app.js";
import {
  consentRetryDelaysMs,
  type ConsentKeeper,
} from "./consent/consent-keeper.js";
import type { Understanding } from "./intents/understanding.js";
import type { LeadKeeper } from "./leads/lead-keeper.js";
import type { Receipts } from "./receipts/receipts.js";
import { retryDelaysMs } from "./sending/graph-verdict.js";
import type { Sender } from "./sending/sender.js";

export interface Handlers {
  readonly consent: ConsentKeeper;
  readonly sender: Sender;
  readonly leads: LeadKeeper;
  readonly receipts: Receipts;
  readonly understanding: Understanding;
}

/** One consumer group per concern, so that one that fails holds up none of the others. */
export function botConsumers(
  deps: WhatsAppBotDeps,
  handlers: Handlers,
): EventConsumer[] {
  const consumer = (
    group: string,
    topic: string,
    handler: EventHandler,
    delaysMs?: readonly number[],
    concurrency = 16,
  ): EventConsumer =>
    createConsumer({
      bus: deps.bus,
      group: `whatsapp-bot.${group}`,
      topics: [topic],
      handler,
      concurrency,
      handled: deps.store.idempotency,
      logger: deps.logger,
      metrics: deps.metrics,
      clock: deps.clock,
      ...(delaysMs === undefined ? {} : { retryDelaysMs: delaysMs }),
    });
  return [
    consumer(
      "consent",
      "whatsapp.inbound",
      (event) => handlers.consent.handle(event),
      consentRetryDelaysMs,
    ),
    consumer("leads", "whatsapp.inbound", (event) =>
      handlers.leads.handle(event),
    ),
    consumer("understanding", "whatsapp.inbound", async (event) => {
      await Promise.all([
        handlers.receipts.handle(event),
        handlers.understanding.handle(event),
      ]);
    }),
    consumer(
      "sending",
      "whatsapp.outbound",
      async (event, context) => {
        if (event.type === "message.send")
          await handlers.sender.handle(event, context);
      },
      retryDelaysMs,
      // Most of them wait: for Meta, or for the rate of one person.
      128,
    ),
  ];
}
