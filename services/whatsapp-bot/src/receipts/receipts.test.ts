import { createEvent } from "@easymo/messaging";
import type { RunningService } from "@easymo/service-kit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { GraphApi } from "../testing/graph-api.js";
import { publishSend, textTo } from "../testing/messages.js";
import {
  messageFrom,
  messageId,
  newWaId,
  PHONE_NUMBER_ID,
  postJson,
  textFrom,
  webhook,
} from "../testing/meta.js";
import {
  agentCoreOf,
  startAgentCore,
  startBot,
  TENANT,
  type RunningBot,
} from "../testing/running-bot.js";

let agentCore: RunningService;
let graph: GraphApi;
let bot: RunningBot;

beforeAll(async () => {
  [agentCore, graph] = await Promise.all([startAgentCore(), GraphApi.start()]);
  bot = await startBot({ agentCoreUrl: agentCore.url, graph });
});

afterAll(async () => {
  await bot.close();
  await Promise.all([agentCore.close(), graph.close()]);
});

/** The receipts of a message, when what the same person sent next has its own. */
async function marked(
  waId: string,
  message: string,
  next: "👍" | "STOP" = "👍",
) {
  const last = messageId();
  await postJson(
    bot.url,
    webhook(
      next === "STOP"
        ? textFrom({ waId }, next, last)
        : messageFrom(
            { waId },
            {
              type: "reaction",
              reaction: { message_id: message, emoji: next },
            },
            last,
          ),
    ),
  );
  await graph.untilRead(last);
  return graph.readReceipts.filter(({ body }) => body.message_id === message);
}

describe("a message that comes in", () => {
  test("is marked as read on the number that it came to, with someone typing", async () => {
    const [id, waId] = [messageId(), newWaId()];
    await postJson(bot.url, webhook(textFrom({ waId }, "Ni angahe?", id)));
    expect(await marked(waId, id)).toMatchObject([
      {
        path: `/${PHONE_NUMBER_ID}/messages`,
        body: { status: "read", typing_indicator: { type: "text" } },
      },
    ]);
  });

  test("is marked once, though it comes again and is answered", async () => {
    const id = messageId();
    const waId = newWaId();
    const sent = webhook(textFrom({ waId }, "Muraho", id));
    await Promise.all([postJson(bot.url, sent), postJson(bot.url, sent)]);
    await publishSend(bot.bus, { ...textTo(`+${waId}`), inReplyTo: id });
    await graph.until(`+${waId}`, 1);
    expect(await marked(waId, id)).toHaveLength(1);
  });

  test("that asks for no more is marked as read; nobody types", async () => {
    const id = messageId();
    const waId = newWaId();
    await postJson(bot.url, webhook(textFrom({ waId }, "STOP", id)));
    const [receipt] = await marked(waId, id, "STOP");
    expect(receipt?.body).not.toHaveProperty("typing_indicator");
  });

  test("that somebody else put there is marked when it says which number it came to", async () => {
    const waId = newWaId();
    const put = (id: string, changes: { phoneNumberId?: string }) =>
      bot.bus.publishEvent(
        "whatsapp.inbound",
        createEvent("message.received", {
          tenantId: TENANT,
          source: "/elsewhere",
          requestId: "req-test",
          data: {
            tenantId: TENANT,
            userId: waId,
            at: new Date().toISOString(),
            messageId: id,
            kind: "text",
            text: "Muraho",
            ...changes,
          },
        }),
      );
    const [nowhere, here] = [messageId(), messageId()];
    await put(nowhere, {});
    await put(here, { phoneNumberId: PHONE_NUMBER_ID });
    await graph.untilRead(here);
    const read = graph.readReceipts.map(({ body }) => body.message_id);
    expect(read).not.toContain(nowhere);
  });

  test("of someone who opted out is not marked: nothing more goes to them", async () => {
    const waId = newWaId();
    await agentCoreOf(agentCore.url).registerOptOut(
      { phone: `+${waId}`, channel: "voice" },
      { idempotencyKey: waId },
    );
    const id = messageId();
    await postJson(bot.url, webhook(textFrom({ waId }, "Muraho", id)));
    expect(await marked(waId, id, "STOP")).toEqual([]);
  });
});

test("an answer goes out though its question cannot be marked as read", async () => {
  const id = messageId();
  const waId = newWaId();
  graph.refuseReceipts(2);
  await postJson(bot.url, webhook(textFrom({ waId }, "Muraho", id)));
  await publishSend(bot.bus, { ...textTo(`+${waId}`), inReplyTo: id });
  const [sent] = await graph.until(`+${waId}`, 1);
  expect(sent).toMatchObject({ context: { message_id: id } });
});
