import type { RunningService } from "@easymo/service-kit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { GraphApi } from "../testing/graph-api.js";
import {
  change,
  contactOf,
  messageFrom,
  messageId,
  newWaId,
  post,
  postJson,
  signature,
  textFrom,
  VERIFY_TOKEN,
  webhook,
} from "../testing/meta.js";
import {
  EventLog,
  startAgentCore,
  startBot,
  TENANT,
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

function verify(query: Record<string, string>): Promise<Response> {
  return fetch(`${bot.url}/webhook?${new URLSearchParams(query).toString()}`);
}

describe("Meta's verification", () => {
  test("is answered with its challenge", async () => {
    const answer = await verify({
      "hub.mode": "subscribe",
      "hub.verify_token": VERIFY_TOKEN,
      "hub.challenge": "1158201444",
    });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe("1158201444");
  });

  test.each([
    ["another token", { "hub.verify_token": "guess" }],
    ["another mode", { "hub.mode": "unsubscribe" }],
    ["nothing", undefined],
  ])("with %s is refused", async (_what, changes) => {
    const right = {
      "hub.mode": "subscribe",
      "hub.verify_token": VERIFY_TOKEN,
      "hub.challenge": "1",
    };
    const answer = await verify(
      changes === undefined ? {} : { ...right, ...changes },
    );
    expect(answer.status).toBe(403);
  });
});

describe("a webhook's signature", () => {
  const body = JSON.stringify(webhook());

  test.each([
    ["no", undefined, body],
    ["another secret's", signature(body, "other"), body],
    ["another body's", signature("{}"), body],
    ["a short", "sha256=abcd", body],
    ["an SHA-1", "sha1=" + "a".repeat(40), body],
    ["no, over what is no JSON,", undefined, "{"],
    ["another secret's, over what is no JSON,", signature("{", "other"), "{"],
    ["no, over more than is taken,", undefined, "x".repeat(4 * 1024 * 1024)],
  ])("when it is %s signature is answered 401", async (_what, given, bytes) => {
    const answer = await fetch(`${bot.url}/webhook`, {
      method: "POST",
      headers: given === undefined ? {} : { "x-hub-signature-256": given },
      body: bytes,
    }).catch(() => undefined);
    // A large body may be cut off by an answer that comes before its end.
    if (bytes.length < 1024) expect(answer?.status).toBe(401);
    else expect(answer?.status ?? 401).toBe(401);
  });
});

describe("a webhook", () => {
  test("with every message of every entry and change is published, in order", async () => {
    const waIds = [newWaId(), newWaId(), newWaId()];
    const ids = waIds.map(() => messageId());
    const [first, second, third] = waIds.map((waId, at) =>
      textFrom({ waId }, `message ${at}`, ids[at]),
    );
    const { entry: one } = webhook(first!, second!);
    const { entry: other } = webhook(third!);
    const answer = await postJson(bot.url, {
      object: "whatsapp_business_account",
      entry: [one, other].flat().map((entry) => entry!),
    });
    expect(answer.status).toBe(200);
    for (const [at, id] of ids.entries()) {
      const event = await log.next(
        "message.received",
        ({ data }) => data.messageId === id,
      );
      expect(event.data).toMatchObject({
        tenantId: TENANT,
        phone: `+${waIds[at]!}`,
        kind: "text",
        text: `message ${at}`,
        name: "Aline",
      });
    }
  });

  test("is the last traffic of its channel, told by the channel's name", async () => {
    const before = Date.now() / 1_000;
    await postJson(bot.url, webhook(textFrom({ waId: newWaId() }, "hello")));
    const line = /easymo_channel_last_traffic_timestamp_seconds\{(.*)\} (.*)/;
    const [, labels, value] = line.exec(await bot.metrics()) ?? [];
    expect(labels).toBe('channel="production/parts-chat"');
    expect(Number(value)).toBeGreaterThanOrEqual(before);
  });

  test("that Meta repeats is published once", async () => {
    const id = messageId();
    const repeated = webhook(textFrom({ waId: newWaId() }, "hello", id));
    const answers = await Promise.all([
      postJson(bot.url, repeated),
      postJson(bot.url, repeated),
    ]);
    answers.push(await postJson(bot.url, repeated));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const after = messageId();
    await postJson(bot.url, webhook(textFrom({ waId: newWaId() }, "x", after)));
    await log.next("message.received", ({ data }) => data.messageId === after);
    const events = log
      .of("message.received")
      .filter(({ data }) => data.messageId === id);
    expect(events).toHaveLength(1);
  });

  test("of someone with only a user id names them by it", async () => {
    const userId = "RW.13491208655302741918";
    const id = messageId();
    await postJson(bot.url, webhook(textFrom({ userId }, "hello", id)));
    const event = await log.next(
      "message.received",
      ({ data }) => data.messageId === id,
    );
    expect(event.data.userId).toBe(userId);
    expect(event.data).not.toHaveProperty("phone");
  });

  test("brings what became of a message, with Meta's errors", async () => {
    const id = messageId();
    await postJson(
      bot.url,
      webhook(
        change({
          statuses: [
            {
              id,
              status: "failed",
              timestamp: "1749416383",
              recipient_id: newWaId(),
              biz_opaque_callback_data: "key-1",
              errors: [
                {
                  code: 131026,
                  title: "Message undeliverable",
                  error_data: { details: "no such user" },
                },
              ],
            },
          ],
        }),
      ),
    );
    const event = await log.next(
      "message.status",
      ({ data }) => data.messageId === id,
    );
    expect(event.data).toMatchObject({
      status: "failed",
      dedupeKey: "key-1",
      at: "2025-06-08T20:59:43.000Z",
      errors: [
        {
          code: 131026,
          title: "Message undeliverable",
          detail: "no such user",
        },
      ],
    });
  });

  test("keeps a kind that is not known", async () => {
    const id = messageId();
    await postJson(
      bot.url,
      webhook(
        messageFrom(
          { waId: newWaId() },
          { type: "hologram", hologram: {} },
          id,
        ),
      ),
    );
    const event = await log.next(
      "message.received",
      ({ data }) => data.messageId === id,
    );
    expect(event.data).toMatchObject({ kind: "unknown", rawKind: "hologram" });
  });

  test("that tells an error of the account is answered 200 and counted by Meta's code, for those who watch", async () => {
    const errors = [
      {
        code: 131_042,
        title: "Business eligibility payment issue",
        message: "Business eligibility payment issue",
        error_data: { details: "Message failed to send" },
        href: "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
      },
    ];
    const answer = await postJson(bot.url, webhook(change({ errors })));
    expect(answer.status).toBe(200);
    expect(await bot.metrics()).toContain(
      'easymo_whatsapp_account_errors_total{code="131042"} 1',
    );
  });

  test("of a number that no channel has is answered 200, counted and not published", async () => {
    const id = messageId();
    const foreign = change({
      metadata: { display_phone_number: "1", phone_number_id: "999999999" },
      contacts: [contactOf({ waId: newWaId() })],
      messages: [{ id, from: newWaId(), type: "text", text: { body: "hi" } }],
    });
    expect((await postJson(bot.url, webhook(foreign))).status).toBe(200);
    expect(await bot.metrics()).toMatch(
      /easymo_whatsapp_skipped_total\{reason="unknown_number"\} [1-9]/,
    );
    expect(
      log.events.some(
        ({ data }) => "messageId" in data && data.messageId === id,
      ),
    ).toBe(false);
  });

  test("of nearly 3 MB is taken, of more it is not", async () => {
    const id = messageId();
    const json = webhook(textFrom({ waId: newWaId() }, "hello", id));
    const padded = (bytes: number): string =>
      JSON.stringify({ ...json, padding: "x".repeat(bytes) });
    expect((await post(bot.url, padded(2_900_000))).status).toBe(200);
    expect((await post(bot.url, padded(3_200_000))).status).toBe(413);
    await log.next("message.received", ({ data }) => data.messageId === id);
  });

  test("is counted and timed", async () => {
    const metrics = await bot.metrics();
    for (const series of [
      'easymo_ingest_requests_total{surface="whatsapp",outcome="accepted"}',
      'easymo_ingest_requests_total{surface="whatsapp",outcome="duplicate"}',
      'easymo_ingest_requests_total{surface="whatsapp",outcome="unauthorized"}',
      'easymo_ingest_seconds_count{surface="whatsapp"}',
      'easymo_idempotency_total{surface="whatsapp",outcome="claimed"}',
      'easymo_idempotency_total{surface="whatsapp",outcome="done"}',
    ])
      expect(metrics).toContain(series);
  });
});
