import type { RunningService } from "@easymo/service-kit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
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
}, 60_000);

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

  test("that answers one marks it as read, with a typing indicator, and quotes it", async () => {
    const { phone, message } = await someoneWhoWrote();
    await publishSend(bot.bus, { ...textTo(phone), inReplyTo: message });
    const [sent] = await graph.until(phone, 1);
    expect(sent).toMatchObject({ context: { message_id: message } });
    const at = graph.requests.findIndex(({ body }) => body === sent);
    expect(graph.requests[at - 1]?.body).toMatchObject({
      status: "read",
      message_id: message,
      typing_indicator: { type: "text" },
    });
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

  test("is tried again after a rate limit", async () => {
    const { phone } = await someoneWhoWrote();
    graph.answerNext(metaError(400, 131_056, "(#131056) pair rate limit hit"));
    await publishSend(bot.bus, textTo(phone));
    await graph.until(phone, 2);
    expect(await bot.metrics()).toMatch(
      /easymo_whatsapp_sends_total\{outcome="retried"\} [1-9]/,
    );
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

  test("after 24 hours without a word goes as the agent's template, when it has one", async () => {
    const phone = `+${newWaId()}`;
    await publishSend(bot.bus, textTo(phone, { tenantId: OTHER_TENANT }));
    const [sent] = await graph.until(phone, 1);
    expect(sent).toMatchObject({
      type: "template",
      template: { name: "we_have_news", language: { code: "en_US" } },
    });
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
