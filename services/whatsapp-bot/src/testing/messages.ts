import { createEvent, type Bus, type EventDataByType } from "@easymo/messaging";
import { randomName, until } from "@easymo/testbed";
import { TENANT, type RunningBot } from "./running-bot.js";

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

/** Resolves when one more message to someone was dropped because they opted out. */
export async function dropped(bot: RunningBot, person: string): Promise<void> {
  const drops = async (): Promise<number> => {
    const found =
      /easymo_whatsapp_sends_total\{outcome="opted_out"\} (\d+)/.exec(
        await bot.metrics(),
      );
    return Number(found?.[1] ?? 0);
  };
  const before = await drops();
  await publishSend(bot.bus, textTo(person));
  await until(async () => (await drops()) > before);
}
