import type { RunningService } from "@easymo/service-kit";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { GraphApi } from "./testing/graph-api.js";
import {
  change,
  contactOf,
  messageId,
  newWaId,
  PHONE_NUMBER_ID,
  post,
  postJson,
  textFrom,
  webhook,
  type Json,
} from "./testing/meta.js";
import {
  EventLog,
  startAgentCore,
  startBot,
  type RunningBot,
} from "./testing/running-bot.js";
import type { SkipReason } from "./webhook/items.js";

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

/** Everything so far was published, when this is there. */
async function publishedSoFar(): Promise<number> {
  const id = messageId();
  await postJson(bot.url, webhook(textFrom({ waId: newWaId() }, "👍", id)));
  await log.next("message.received", ({ data }) => data.messageId === id);
  return log.of("message.received").length;
}

/** How many parts of webhooks were skipped so far, by reason. */
async function skippedSoFar(): Promise<Map<string, number>> {
  const lines = (await bot.metrics()).matchAll(
    /^easymo_whatsapp_skipped_total\{reason="(\w+)"\} (\d+)$/gm,
  );
  return new Map([...lines].map(([, reason = "", n]) => [reason, Number(n)]));
}

const object = "whatsapp_business_account";

/** Signed, but no webhook of Meta's: what it is told, and the field that it names. */
const refused: [string, string | Buffer, string, string | undefined][] = [
  ["nothing", "", "invalid_json", undefined],
  ["half of it", '{"object":"whatsapp', "invalid_json", undefined],
  ["XML", "<xml/>", "invalid_json", undefined],
  ["a form", "object=whatsapp", "invalid_json", undefined],
  ["bytes", Buffer.from([0, 255, 254, 1]), "invalid_json", undefined],
  ["a trailing comma", '{"a":1,}', "invalid_json", undefined],
  ["NaN", "NaN", "invalid_json", undefined],
  ["null", "null", "invalid_request", undefined],
  ["a number", "1", "invalid_request", undefined],
  ["a text", '"hi"', "invalid_request", undefined],
  ["an array", "[]", "invalid_request", undefined],
  ["an empty object", "{}", "invalid_request", "object"],
  [
    "an object that is no text",
    '{"object":1,"entry":[]}',
    "invalid_request",
    "object",
  ],
  ["no entry", JSON.stringify({ object }), "invalid_request", "entry"],
  [
    "an entry that is no array",
    JSON.stringify({ object, entry: {} }),
    "invalid_request",
    "entry",
  ],
  [
    "an entry of nothing",
    JSON.stringify({ object, entry: [null] }),
    "invalid_request",
    "entry.0",
  ],
  [
    "an entry without changes",
    JSON.stringify({ object, entry: [{}] }),
    "invalid_request",
    "entry.0.changes",
  ],
  [
    "changes that are no array",
    JSON.stringify({ object, entry: [{ changes: {} }] }),
    "invalid_request",
    "entry.0.changes",
  ],
];

const from = "250788000001";
const text = { body: "hi" };
const metadata = { phone_number_id: PHONE_NUMBER_ID };
const inChange = (...messages: Json[]): Json => change({ messages });

/** Meta's outside, with something inside that we cannot take: skipped, or Meta would repeat it for a week. */
const skipped: Record<SkipReason | "nothing", [string, Json][]> = {
  other_object: [["another object", { object: "page", entry: [] }]],
  nothing: [
    ["no entries", { object, entry: [] }],
    ["errors that are texts", webhook(change({ errors: ["oh"] }))],
  ],
  bad_change: [
    ["a change of nothing", webhook(null)],
    ["a change that is a text", webhook("messages")],
    ["a change without a field", webhook({ value: {} })],
    ["a change without a value", webhook({ field: "messages" })],
    ["a value that is an array", webhook({ field: "messages", value: [] })],
    ["no metadata", webhook({ field: "messages", value: { messages: [] } })],
    [
      "a phone number id that is a number",
      webhook(change({ metadata: { phone_number_id: 1 } })),
    ],
  ],
  other_field: [
    ["another field", webhook({ field: "account_alerts", value: {} })],
  ],
  bad_message: [
    ["messages that are no array", webhook(change({ messages: {} }))],
    ["a message of nothing", webhook(inChange(null))],
    ["a message that is an array", webhook(inChange([]))],
    [
      "a message without an id",
      webhook(inChange({ from, type: "text", text })),
    ],
    [
      "a message with an empty id",
      webhook(inChange({ id: "", from, type: "text", text })),
    ],
    [
      "a message with an endless id",
      webhook(inChange({ id: "w".repeat(600), from, type: "text", text })),
    ],
    [
      "a message with a NUL in its id",
      webhook(inChange({ id: "w\u0000", from, type: "text", text })),
    ],
    ["a message without a type", webhook(inChange({ id: "w", from, text }))],
    [
      "a message with a type that is a number",
      webhook(inChange({ id: "w", from, type: 7 })),
    ],
  ],
  no_sender: [
    ["a message of nobody", webhook(inChange({ id: "w", type: "text", text }))],
    [
      "a message from what is no number",
      webhook(inChange({ id: "w", from: "me", type: "text", text })),
    ],
    [
      "a status of nobody",
      webhook(change({ statuses: [{ id: "s", status: "read" }] })),
    ],
  ],
  bad_status: [
    ["statuses that are a text", webhook(change({ statuses: "read" }))],
    ["a status of nothing", webhook(change({ statuses: [null] }))],
    [
      "a status that is unknown",
      webhook(
        change({ statuses: [{ id: "s", status: "sung", recipient_id: from }] }),
      ),
    ],
  ],
  bad_preference: [
    [
      "a preference of another category",
      webhook(
        change(
          {
            user_preferences: [
              { wa_id: from, category: "news", value: "stop" },
            ],
          },
          "user_preferences",
        ),
      ),
    ],
    [
      "a preference that is neither yes nor no",
      webhook(
        change(
          {
            user_preferences: [
              { wa_id: from, category: "marketing_messages", value: "maybe" },
            ],
          },
          "user_preferences",
        ),
      ),
    ],
  ],
  unknown_number: [
    [
      "a number that nobody has",
      webhook(
        change({
          metadata: { phone_number_id: "999999999" },
          contacts: [contactOf({ waId: from })],
          messages: [{ id: "w", from, type: "text", text }],
        }),
      ),
    ],
  ],
  bad_user_id_update: [
    [
      "a new user id without the old one",
      webhook(
        change(
          { user_id_update: [{ user_id: { current: "RW.2" } }] },
          "user_id_update",
        ),
      ),
    ],
    [
      "a new user id that is a number",
      webhook(
        change(
          { user_id_update: [{ user_id: { previous: 1, current: 2 } }] },
          "user_id_update",
        ),
      ),
    ],
  ],
  group_status: [
    [
      "what became of a message to a group",
      webhook(
        change({
          statuses: [
            {
              id: "s",
              status: "read",
              recipient_id: "g",
              recipient_type: "group",
            },
          ],
        }),
      ),
    ],
  ],
};

describe("a signed body that is no webhook", () => {
  test.each(refused)(
    "(%s) is refused, by name",
    async (_what, body, code, field) => {
      const answer = await post(bot.url, body);
      expect(answer.status).toBe(400);
      expect(answer.headers.get("content-type")).toContain(
        "application/problem+json",
      );
      const problem: unknown = await answer.json();
      expect(problem).toMatchObject({
        code,
        ...(field === undefined
          ? {}
          : {
              errors: expect.arrayContaining([
                expect.objectContaining({ field }),
              ]),
            }),
      });
    },
  );
});

describe("a webhook with something in it that cannot be taken", () => {
  const cases = Object.entries(skipped).flatMap(([reason, bodies]) =>
    bodies.map(([what, json]) => ({ what, json, reason })),
  );

  test.each(cases)(
    "($what) is answered 200, published by nothing, and counted as $reason",
    async ({ json, reason }) => {
      const before = await publishedSoFar();
      const counted = await skippedSoFar();
      expect((await postJson(bot.url, json)).status).toBe(200);
      expect(await publishedSoFar()).toBe(before + 1);
      const now = await skippedSoFar();
      const more = [...now].filter(([name, n]) => n > (counted.get(name) ?? 0));
      expect(more.map(([name]) => name)).toEqual(
        reason === "nothing" ? [] : [reason],
      );
    },
  );

  test("with names that every object has is answered 200", async () => {
    const before = await publishedSoFar();
    // Names that every object has.
    const hostile = `{"object":"${object}","__proto__":{"x":1},"entry":[{"changes":[{"field":"constructor","value":{"__proto__":[]}}]}]}`;
    expect((await post(bot.url, hostile)).status).toBe(200);
    expect(await publishedSoFar()).toBe(before + 1);
  });

  test("has its other messages published", async () => {
    const id = messageId();
    const waId = newWaId();
    await postJson(
      bot.url,
      webhook(
        null,
        change({
          metadata,
          contacts: [contactOf({ waId })],
          messages: [null, { id, from: waId, type: "text", text }],
        }),
      ),
    );
    await log.next("message.received", ({ data }) => data.messageId === id);
  });

  test("has text that nothing could keep made fit, and is published", async () => {
    const id = messageId();
    const body = `a\u0000b${"x".repeat(70_000)}\ud83d`;
    await postJson(
      bot.url,
      webhook(textFrom({ waId: newWaId(), name: "A\u0000B" }, body, id)),
    );
    const { data } = await log.next(
      "message.received",
      (event) => event.data.messageId === id,
    );
    expect(data.name).toBe("AB");
    expect(data.text).toHaveLength(65_536);
    expect(data.text?.startsWith("abx")).toBe(true);
  });

  test("is answered 200 or 400, whatever it is, as long as it is signed", async () => {
    const json = fc.json({ maxDepth: 4 });
    const inside = fc
      .jsonValue({ maxDepth: 5 })
      .map((value) =>
        JSON.stringify({ object, entry: [{ changes: [value] }] }),
      );
    const bytes = fc
      .uint8Array({ maxLength: 300 })
      .map((all) => Buffer.from(all));
    await fc.assert(
      fc.asyncProperty(fc.oneof(json, inside, bytes), async (body) => {
        const { status } = await post(bot.url, body);
        expect([200, 400]).toContain(status);
      }),
      { numRuns: 150 },
    );
  });

  test("leaves the bot well", async () => {
    expect((await fetch(`${bot.url}/readyz`)).status).toBe(200);
  });
});
