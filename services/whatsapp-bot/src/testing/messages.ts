import { createEvent, type Bus, type EventDataByType } from "@easymo/messaging";
import { randomName } from "@easymo/testbed";
import { TENANT } from "./running-bot.js";

type Send = EventDataByType["message.send"];

/** A text to be sent, unless told otherwise. */
export function textTo(
  to: string,
  changes: { tenantId?: string; dedupeKey?: string; text?: string } = {},
): Extract<Send, { kind: "text" }> {
  return {
    tenantId: TENANT,
    to,
    kind: "text",
    purpose: "reply",
    text: "Your part is here",
    dedupeKey: randomName("key"),
    at: new Date().toISOString(),
    ...changes,
  };
}

/** Publishes a message to be sent; each time as an event of its own. */
export async function publishSend(bus: Bus, data: Send): Promise<void> {
  await bus.publishEvent(
    "whatsapp.outbound",
    createEvent("message.send", {
      tenantId: data.tenantId,
      source: "/test",
      requestId: "req-test",
      data,
    }),
  );
}
