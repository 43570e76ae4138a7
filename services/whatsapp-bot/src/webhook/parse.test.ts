import { Problem } from "@easymo/service-kit";
import { RoutingTable, type Route } from "@easymo/routing";
import { recordOf } from "@easymo/messaging";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  change,
  contactOf,
  messageFrom,
  webhook,
  type Json,
} from "../testing/meta.js";
import { ROUTING } from "../testing/running-bot.js";
import { eventsOf } from "./events.js";
import { parseWebhook } from "./parse.js";

const NOW_MS = Date.UTC(2026, 0, 1);
const ID = "wamid.1";

function route(): Route {
  const found = RoutingTable.parse(ROUTING).find("whatsapp", "106540352242922");
  if (found === undefined) throw new Error("no route");
  return found;
}

/** What comes of one message, as it is published. */
function received(message: Record<string, Json>): unknown {
  const sent = messageFrom({ waId: "250788000001" }, message, ID);
  const { items } = parseWebhook(webhook(sent), NOW_MS);
  const [item] = items;
  if (item?.item !== "message") throw new Error("no message");
  return eventsOf(item, route(), "r")[0]?.data;
}

const media = { id: "123", mime_type: "image/jpeg", sha256: "abc" };

describe("a message", () => {
  test.each<[string, Record<string, Json>, object]>([
    ["text", { text: { body: "hi" } }, { text: "hi" }],
    [
      "image",
      { image: { ...media, caption: "this one" } },
      { text: "this one", media: { id: "123", mimeType: "image/jpeg" } },
    ],
    ["audio", { audio: { ...media, voice: true } }, { media: { voice: true } }],
    ["video", { video: media }, { media: { id: "123" } }],
    [
      "document",
      { document: { ...media, filename: "a.pdf" } },
      { media: { filename: "a.pdf" } },
    ],
    ["sticker", { sticker: { ...media, animated: false } }, { media: {} }],
    [
      "location",
      { location: { latitude: -1.95, longitude: 30.06, name: "Kigali" } },
      { location: { latitude: -1.95, longitude: 30.06, name: "Kigali" } },
    ],
    [
      "contacts",
      {
        contacts: [
          {
            name: { formatted_name: "Eric" },
            phones: [{ phone: "+250 788 1", type: "CELL" }],
          },
        ],
      },
      { contacts: [{ name: "Eric", phones: ["+250 788 1"] }] },
    ],
    [
      "interactive",
      {
        interactive: {
          type: "button_reply",
          button_reply: { id: "yes", title: "Yes" },
        },
      },
      { reply: { id: "yes", title: "Yes" }, text: "Yes" },
    ],
    [
      "interactive",
      {
        interactive: {
          type: "list_reply",
          list_reply: { id: "r1", title: "Row", description: "d" },
        },
      },
      { reply: { id: "r1", title: "Row" } },
    ],
    [
      "interactive",
      {
        interactive: {
          type: "nfm_reply",
          nfm_reply: {
            name: "flow",
            body: "Sent",
            response_json: '{"size":"42"}',
          },
        },
      },
      { form: { name: "flow", response: { size: "42" } }, text: "Sent" },
    ],
    [
      "button",
      { button: { payload: "p", text: "Go" } },
      { reply: { id: "p", title: "Go" }, text: "Go" },
    ],
    [
      "order",
      {
        order: {
          catalog_id: "c",
          product_items: [
            {
              product_retailer_id: "sku",
              quantity: "2",
              item_price: 30,
              currency: "RWF",
            },
          ],
        },
      },
      {
        order: {
          catalogId: "c",
          items: [
            { productId: "sku", quantity: 2, price: 30, currency: "RWF" },
          ],
        },
      },
    ],
    [
      "reaction",
      { reaction: { message_id: "wamid.0", emoji: "👍" } },
      { reaction: { messageId: "wamid.0", emoji: "👍" } },
    ],
    [
      "reaction",
      { reaction: { message_id: "wamid.0" } },
      { reaction: { messageId: "wamid.0" } },
    ],
    [
      "system",
      {
        system: {
          type: "user_changed_number",
          body: "changed",
          wa_id: "250788000002",
        },
      },
      { system: { type: "user_changed_number", newPhone: "+250788000002" } },
    ],
    [
      "system",
      {
        system: {
          type: "user_changed_user_id",
          body: "User Aline changed from 250788000001 to 250788000002",
          user_id: "RW.2",
        },
      },
      { system: { type: "user_changed_user_id", newUserId: "RW.2" } },
    ],
    [
      "system",
      {
        system: { type: "customer_changed_number", new_wa_id: "250788000002" },
      },
      { system: { newPhone: "+250788000002" } },
    ],
    [
      "unsupported",
      { errors: [{ code: 131_051, title: "Message type unknown" }] },
      { errors: [{ code: 131_051, title: "Message type unknown" }] },
    ],
  ])("of the kind %s is read", (type, message, data) => {
    expect(received({ type, ...message })).toMatchObject({
      kind: type,
      messageId: ID,
      phone: "+250788000001",
      ...data,
    });
  });

  test.each<[string, Record<string, Json>]>([
    ["text", {}],
    ["text", { text: { body: "" } }],
    ["image", { image: { id: 5 } }],
    ["location", { location: { latitude: 500, longitude: 0 } }],
    ["poll", { poll: {} }],
    ["constructor", {}],
  ])("of the kind %s with %j is kept as unknown", (type, message) => {
    expect(received({ type, ...message })).toMatchObject({
      kind: "unknown",
      rawKind: type,
    });
  });

  test("of a group says so, and is neither an opt-out nor an opt-in", () => {
    const inGroup = { type: "text", text: { body: "STOP" }, group_id: "g-1" };
    const sent = messageFrom({ waId: "250788000001" }, inGroup, ID);
    const [item] = parseWebhook(webhook(sent), NOW_MS).items;
    if (item?.item !== "message") throw new Error("no message");
    const events = eventsOf(item, route(), "r");
    expect(events.map(({ type }) => type)).toEqual(["message.received"]);
    expect(events[0]?.data).toMatchObject({ groupId: "g-1", text: "STOP" });
  });

  test("names its sender by the contact of the same number or user id", () => {
    const one = {
      id: "m1",
      from: "250788000001",
      type: "text",
      text: { body: "a" },
    };
    const other = {
      id: "m2",
      from_user_id: "RW.9",
      type: "text",
      text: { body: "b" },
    };
    const { items } = parseWebhook(
      webhook(
        change({
          contacts: [
            {
              profile: { name: "Eric", username: "eric" },
              user_id: "RW.9",
              parent_user_id: "RW.ENT.9",
            },
            {
              profile: { name: "Aline" },
              wa_id: "250788000001",
              user_id: "RW.1",
            },
          ],
          messages: [one, other],
        }),
      ),
      NOW_MS,
    );
    expect(items).toMatchObject([
      {
        name: "Aline",
        person: { phone: "+250788000001", scopedUserId: "RW.1" },
      },
      { name: "Eric", username: "eric", person: { scopedUserId: "RW.9" } },
    ]);
  });

  test("says which ad it came from, and what it answers", () => {
    expect(
      received({
        type: "text",
        text: { body: "hi" },
        context: { from: "1", id: "wamid.0" },
        referral: { source_type: "ad", source_id: "7", ctwa_clid: "c" },
      }),
    ).toMatchObject({
      inReplyTo: "wamid.0",
      referral: { sourceType: "ad", sourceId: "7", clickId: "c" },
    });
  });
});

describe("what became of a message", () => {
  const told = (status: Record<string, Json>, contacts: Json[] = []) =>
    parseWebhook(webhook(change({ contacts, statuses: [status] })), NOW_MS);
  const usual = {
    id: "s",
    timestamp: "1749416383",
    recipient_id: "250788000001",
  };

  test.each([
    "sent",
    "delivered",
    "read",
    "played",
    "failed",
    "deleted",
    "warning",
  ])("is taken when it is %s", (status) => {
    const [item] = told({ ...usual, status }).items;
    if (item?.item !== "status") throw new Error("no status");
    expect(eventsOf(item, route(), "r")[0]?.data).toMatchObject({
      messageId: "s",
      status,
      phone: "+250788000001",
      at: "2025-06-08T20:59:43.000Z",
    });
  });

  test("says what it was charged as, and whom it reached", () => {
    const { items } = told(
      {
        ...usual,
        status: "delivered",
        recipient_user_id: "RW.1",
        biz_opaque_callback_data: "key-1",
        conversation: {
          id: "c-1",
          expiration_timestamp: "1749503400",
          origin: { type: "utility" },
        },
        pricing: {
          billable: true,
          pricing_model: "PMP",
          type: "regular",
          category: "utility",
        },
      },
      [{ profile: { name: "Aline" }, wa_id: "250788000001", user_id: "RW.1" }],
    );
    expect(items).toMatchObject([
      {
        item: "status",
        dedupeKey: "key-1",
        conversationId: "c-1",
        category: "utility",
        person: { phone: "+250788000001", scopedUserId: "RW.1" },
      },
    ]);
  });

  test("in a group is not taken: nothing is sent to groups", () => {
    const { items, skipped } = told({
      ...usual,
      status: "read",
      recipient_id: "Y2FwaV9ncm91cDo",
      recipient_type: "group",
      recipient_participant_id: "250788000001",
    });
    expect(items).toEqual([]);
    expect(skipped).toEqual(["group_status"]);
  });
});

test("a marketing preference of someone without a number is theirs", () => {
  const given = {
    user_id: "RW.1",
    detail: "User requested to stop marketing messages",
    category: "marketing_messages",
    value: "stop",
    timestamp: 1_731_705_721,
  };
  const { items } = parseWebhook(
    webhook(change({ user_preferences: [given] }, "user_preferences")),
    NOW_MS,
  );
  expect(items).toMatchObject([
    { item: "preference", value: "stop", person: { scopedUserId: "RW.1" } },
  ]);
});

test("a new user id is about who had the old one", () => {
  const update = {
    wa_id: "250788000001",
    detail: "User id for Aline has been updated.",
    user_id: { previous: "RW.1", current: "RW.2" },
    timestamp: "1749416383",
  };
  const { items } = parseWebhook(
    webhook(
      change(
        {
          contacts: [contactOf({ waId: "250788000001" })],
          user_id_update: [update, {}],
        },
        "user_id_update",
      ),
    ),
    NOW_MS,
  );
  expect(items).toMatchObject([
    {
      item: "message",
      person: { scopedUserId: "RW.1" },
      content: {
        kind: "system",
        system: {
          type: "user_changed_user_id",
          newUserId: "RW.2",
          newPhone: "+250788000001",
        },
      },
    },
  ]);
});

test("what the business wrote on its own telephone is not taken for what a customer wrote", () => {
  const echo = {
    id: "e",
    from: "250780000001",
    to: "250788000001",
    type: "text",
    text: { body: "STOP" },
  };
  const { items, skipped } = parseWebhook(
    webhook(change({ message_echoes: [echo] }, "smb_message_echoes")),
    NOW_MS,
  );
  expect(items).toEqual([]);
  expect(skipped).toEqual(["other_field"]);
});

test("an error of the account is taken for what it is", () => {
  const errors = [{ code: 131_042, title: "Payment issue" }];
  const { items } = parseWebhook(webhook(change({ errors })), NOW_MS);
  expect(items).toEqual([
    { item: "account_error", code: 131_042, title: "Payment issue" },
  ]);
});

test("a status says nothing of errors unless something failed", () => {
  const status = { id: "s", status: "sent", recipient_id: "250788000001" };
  const { items, skipped } = parseWebhook(
    webhook(change({ statuses: [status] })),
    NOW_MS,
  );
  expect(skipped).toEqual([]);
  expect(items).toMatchObject([{ item: "status", status: "sent", errors: [] }]);
});

test("what cannot be read is skipped alone", () => {
  const good = {
    id: "m",
    from: "250788000001",
    type: "text",
    text: { body: "x" },
  };
  const { items, skipped } = parseWebhook(
    webhook(
      change({
        contacts: [contactOf({ waId: "250788000001" })],
        messages: [good, { from: "1" }, null, 7],
        statuses: [{ id: "s", status: "sung" }],
      }),
      { field: "account_update", value: {} },
      "nothing",
    ),
    NOW_MS,
  );
  expect(items).toHaveLength(1);
  expect([...skipped].sort()).toEqual([
    "bad_change",
    "bad_message",
    "bad_message",
    "bad_message",
    "bad_status",
    "other_field",
  ]);
});

/** Everything that was parsed can be published, and an unreadable whole is a Problem: nothing else comes out. */
function takesAnything(json: unknown): void {
  try {
    for (const item of parseWebhook(json, NOW_MS).items)
      if (item.item !== "account_error")
        for (const event of eventsOf(item, route(), "r"))
          recordOf("whatsapp.inbound", event);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    expect(error.status).toBe(400);
  }
}

describe("the parser", () => {
  test("never fails, whatever JSON it is given", () => {
    fc.assert(fc.property(fc.jsonValue(), takesAnything));
  });

  test("never fails, whatever stands where a message should", () => {
    const anyType = fc.constantFrom(
      "text",
      "image",
      "audio",
      "contacts",
      "interactive",
      "button",
      "order",
      "reaction",
      "system",
      "location",
      "unsupported",
      "new",
    );
    const anyText = fc.string({ unit: "binary", maxLength: 20 });
    const anyMessage = fc
      .tuple(anyType, fc.jsonValue({ maxDepth: 4 }), anyText, anyText, anyText)
      .map(([type, value, id, from, body]) => ({
        id,
        from,
        from_user_id: body,
        type,
        timestamp: from,
        text: { body },
        context: value,
        referral: value,
        [type]: type === "text" ? { body } : value,
      }));
    fc.assert(
      fc.property(
        fc.array(anyMessage, { maxLength: 3 }),
        fc.array(fc.jsonValue(), { maxLength: 3 }),
        (messages, others) => {
          const value = {
            metadata: { phone_number_id: "106540352242922" },
            contacts: others,
            messages: [...messages, ...others],
            statuses: others,
            user_preferences: others,
            errors: others,
          };
          const changes = [{ field: "messages", value }];
          takesAnything({
            object: "whatsapp_business_account",
            entry: [{ changes }],
          });
        },
      ),
    );
  });
});
