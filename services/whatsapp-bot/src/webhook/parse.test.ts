import { RoutingTable, type Route } from "@easymo/routing";
import { describe, expect, test } from "@jest/globals";
import { change, messageFrom, webhook, type Json } from "../testing/meta.js";
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
      "edit",
      {
        edit: {
          original_message_id: "wamid.0",
          message: {
            context: { id: "wamid.1" },
            type: "text",
            text: { body: "brake pads" },
          },
        },
      },
      { edit: { messageId: "wamid.0", kind: "text", text: "brake pads" } },
    ],
    [
      "edit",
      {
        edit: {
          original_message_id: "wamid.0",
          message: { type: "image", image: { ...media, caption: "this one" } },
        },
      },
      { edit: { messageId: "wamid.0", kind: "image", text: "this one" } },
    ],
    [
      "revoke",
      { revoke: { original_message_id: "wamid.0" } },
      { revoke: { messageId: "wamid.0" } },
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
    ["edit", { edit: { original_message_id: "wamid.0" } }],
    [
      "edit",
      {
        edit: {
          original_message_id: "wamid.0",
          message: { type: "edit", edit: {} },
        },
      },
    ],
    ["revoke", { revoke: {} }],
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

  test("that is changed to a stop is one, and is no new request otherwise", () => {
    const changedTo = (body: string) => {
      const edit = {
        original_message_id: "wamid.0",
        message: { type: "text", text: { body } },
      };
      const sent = messageFrom(
        { waId: "250788000001" },
        { type: "edit", edit },
        ID,
      );
      const [item] = parseWebhook(webhook(sent), NOW_MS).items;
      if (item?.item !== "message") throw new Error("no message");
      return eventsOf(item, route(), "r");
    };
    expect(changedTo("STOP").map(({ type }) => type)).toEqual([
      "message.received",
      "message.opt_out",
    ]);
    const [changed, ...more] = changedTo("brake pads");
    expect(more).toEqual([]);
    expect(changed?.data).not.toHaveProperty("text");
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
