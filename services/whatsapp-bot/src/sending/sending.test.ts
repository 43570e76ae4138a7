import type { RunningService } from "@easymo/service-kit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { until } from "@easymo/testbed";
import { GraphApi, metaError } from "../testing/graph-api.js";
import { publishSend, textTo } from "../testing/messages.js";
import {
  ACCESS_TOKEN,
  messageId,
  newWaId,
  PHONE_NUMBER_ID,
  postJson,
  textFrom,
  webhook,
} from "../testing/meta.js";
import {
  agentCoreOf,
  EventLog,
  OTHER_TENANT,
  startAgentCore,
  startBot,
  type RunningBot,
} from "../testing/running-bot.js";

let agentCore: RunningService;
let graph: GraphApi;
let bot: RunningBot;
let log: EventLog;

beforeAll(async () => {
  [agentCore, graph] = await Promise.all([startAgentCore(), GraphApi.start()]);
  bot = await startBot({ agentCoreUrl: agentCore.url, graph });
  log = await EventLog.of(bot.bus);
});

afterAll(async () => {
  await bot.close();
  await Promise.all([agentCore.close(), graph.close()]);
});

/** Someone who has just written, so that anything may be sent to them. */
async function someoneWhoWrote(): Promise<{ phone: string; message: string }> {
  const waId = newWaId();
  const message = messageId();
  await postJson(bot.url, webhook(textFrom({ waId }, "Muraho", message)));
  return { phone: `+${waId}`, message };
}

describe("a message to be sent", () => {
  test("goes to Meta with the token, from the tenant's number, and its acceptance is told", async () => {
    const { phone } = await someoneWhoWrote();
    const data = textTo(phone);
    await publishSend(bot.bus, data);
    const [sent] = await graph.until(phone, 1);
    expect(sent).toMatchObject({
      messaging_product: "whatsapp",
      to: phone,
      type: "text",
      text: { body: "Your part is here" },
    });
    const request = graph.requests.find(({ body }) => body === sent);
    expect(request).toMatchObject({
      path: `/${PHONE_NUMBER_ID}/messages`,
      authorization: `Bearer ${ACCESS_TOKEN}`,
    });
    const accepted = await log.next(
      "message.status",
      (event) => event.data.dedupeKey === data.dedupeKey,
    );
    expect(accepted.data).toMatchObject({
      status: "accepted",
      messageId: expect.stringMatching(/^wamid\.sent/),
    });
  });

  test("is the last traffic of its channel when it goes", async () => {
    const lastTraffic = async (): Promise<number> => {
      const line =
        /easymo_channel_last_traffic_timestamp_seconds\{channel="production\/parts-chat"\} (.*)/;
      return Number(line.exec(await bot.metrics())?.[1]);
    };
    const { phone } = await someoneWhoWrote();
    const written = await lastTraffic();
    await until(() => Date.now() / 1_000 > written);
    await publishSend(bot.bus, textTo(phone));
    await graph.until(phone, 1);
    expect(await lastTraffic()).toBeGreaterThan(written);
  });

  test("goes once, however often it is published under one key", async () => {
    const { phone } = await someoneWhoWrote();
    const data = textTo(phone);
    await Promise.all([1, 2, 3].map(() => publishSend(bot.bus, data)));
    await publishSend(bot.bus, textTo(phone, { text: "the last" }));
    await graph.until(phone, 2);
    expect(graph.sentTo(phone).map(({ text }) => text?.body)).toEqual([
      "Your part is here",
      "the last",
    ]);
  });

  test("that answers one quotes it", async () => {
    const { phone, message } = await someoneWhoWrote();
    await publishSend(bot.bus, { ...textTo(phone), inReplyTo: message });
    const [sent] = await graph.until(phone, 1);
    expect(sent).toMatchObject({ context: { message_id: message } });
  });

  test("that is longer than Meta takes goes in several, in order", async () => {
    const { phone } = await someoneWhoWrote();
    const text = Array.from({ length: 1_200 }, (_, at) => `word${at}`).join(
      " ",
    );
    await publishSend(bot.bus, textTo(phone, { text }));
    const sent = await graph.until(phone, 3);
    expect(sent.map((one) => one.text?.body).join(" ")).toBe(text);
  });

  test("to someone known only by a user id names it as the recipient", async () => {
    const userId = `RW.${newWaId()}`;
    await postJson(bot.url, webhook(textFrom({ userId }, "Muraho")));
    await publishSend(bot.bus, textTo(userId));
    const [sent] = await graph.until(userId, 1);
    expect(sent).toMatchObject({ recipient: userId });
    expect(sent).not.toHaveProperty("to");
  });

  test("is tried again after a rate limit, and what follows to the same person waits for it", async () => {
    const { phone } = await someoneWhoWrote();
    graph.answerNext(metaError(400, 131_056, "(#131056) pair rate limit hit"));
    await publishSend(bot.bus, textTo(phone, { text: "first" }));
    await publishSend(bot.bus, textTo(phone, { text: "second" }));
    const sent = await graph.until(phone, 3);
    expect(sent.map(({ text }) => text?.body)).toEqual([
      "first",
      "first",
      "second",
    ]);
    expect(await bot.metrics()).toMatch(
      /easymo_whatsapp_sends_total\{outcome="retried"\} [1-9]/,
    );
  });

  test.each([
    ["image", { id: "991" }],
    ["image", { link: "https://example.com/brake.jpg", caption: "Brakes" }],
    ["document", { link: "https://example.com/a.pdf", filename: "a.pdf" }],
    ["audio", { id: "992" }],
    ["video", { id: "993", caption: "How to fit it" }],
    ["sticker", { link: "https://example.com/a.webp" }],
  ] as const)("may be %s media: %j", async (kind, media) => {
    const { phone } = await someoneWhoWrote();
    const { text: _text, ...rest } = textTo(phone);
    await publishSend(bot.bus, { ...rest, kind, media });
    const [sent] = await graph.until(phone, 1);
    expect(sent).toMatchObject({ type: kind, [kind]: media });
  });

  test.each([
    [
      "in order",
      ["Aline", "two\n\nlines"],
      [{ text: "Aline" }, { text: "two lines" }],
    ],
    ["by name", { item: "chain" }, [{ parameter_name: "item", text: "chain" }]],
  ])("may be a template with its variables %s", async (_how, given, filled) => {
    const phone = `+${newWaId()}`;
    const { text: _text, ...rest } = textTo(phone);
    const header = {
      type: "header",
      parameters: [{ type: "text", text: "H" }],
    };
    await publishSend(bot.bus, {
      ...rest,
      kind: "template",
      template: {
        name: "order_ready",
        language: "en_US",
        components: [header],
        parameters: given,
      },
    });
    const [sent] = await graph.until(phone, 1);
    expect(sent).toMatchObject({
      type: "template",
      template: {
        name: "order_ready",
        language: { code: "en_US" },
        components: [
          header,
          {
            type: "body",
            parameters: filled.map((one) => ({ type: "text", ...one })),
          },
        ],
      },
    });
  });

  test("that Meta refuses goes to the dead letters at once, with Meta's code", async () => {
    const { phone } = await someoneWhoWrote();
    graph.answerNext(metaError(400, 131_026, "(#131026) undeliverable"));
    const data = textTo(phone);
    await publishSend(bot.bus, data);
    const letter = await log.deadLetter(({ value }) =>
      value.toString().includes(data.dedupeKey),
    );
    expect(letter.headers["x-error"]).toContain("131026");
    expect(letter.headers["x-attempt"]).toBe("1");
    expect(graph.sentTo(phone)).toHaveLength(1);
  });

  test("after 24 hours without a word goes to the dead letters as window_closed", async () => {
    const phone = `+${newWaId()}`;
    const data = textTo(phone);
    await publishSend(bot.bus, data);
    const letter = await log.deadLetter(({ value }) =>
      value.toString().includes(data.dedupeKey),
    );
    expect(letter.headers["x-error"]).toContain("window_closed");
    expect(graph.sentTo(phone)).toHaveLength(0);
  });

  test.each([
    ["someone known by name", "Jeanne", "Jeanne"],
    ["someone of whom no name is known", undefined, "friend"],
  ])(
    "after 24 hours without a word goes as the agent's template, filled in: to %s",
    async (_who, name, written) => {
      const phone = `+${newWaId()}`;
      await agentCoreOf(agentCore.url, OTHER_TENANT).logLead(
        { phone, ...(name === undefined ? {} : { name }) },
        { idempotencyKey: phone },
      );
      const text = "Lunch is ready:\nbeans";
      await publishSend(
        bot.bus,
        textTo(phone, { tenantId: OTHER_TENANT, text }),
      );
      const [sent] = await graph.until(phone, 1);
      expect(sent).toMatchObject({
        type: "template",
        template: {
          name: "we_have_news",
          language: { code: "en_US" },
          components: [
            {
              type: "body",
              parameters: [
                { type: "text", text: written },
                { type: "text", text: "Lunch is ready: beans" },
              ],
            },
          ],
        },
      });
    },
  );

  test("after 24 hours that has nothing for the template's variables goes to the dead letters", async () => {
    const phone = `+${newWaId()}`;
    const { text: _text, ...rest } = textTo(phone, { tenantId: OTHER_TENANT });
    await publishSend(bot.bus, { ...rest, kind: "image", media: { id: "9" } });
    const letter = await log.deadLetter(({ value }) =>
      value.toString().includes(rest.dedupeKey),
    );
    expect(letter.headers["x-error"]).toMatch(/window_closed.*variable/);
    expect(graph.sentTo(phone)).toHaveLength(0);
  });

  test("of a tenant by another tenant's number is refused", async () => {
    const phone = `+${newWaId()}`;
    const data = {
      ...textTo(phone, { tenantId: OTHER_TENANT }),
      phoneNumberId: PHONE_NUMBER_ID,
    };
    await publishSend(bot.bus, data);
    const letter = await log.deadLetter(({ value }) =>
      value.toString().includes(data.dedupeKey),
    );
    expect(letter.headers["x-error"]).toContain("unknown_channel");
    expect(graph.sentTo(phone)).toHaveLength(0);
  });
});
