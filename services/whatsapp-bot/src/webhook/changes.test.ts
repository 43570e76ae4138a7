import { RoutingTable, type Route } from "@easymo/routing";
import { describe, expect, test } from "@jest/globals";
import { change, contactOf, webhook, type Json } from "../testing/meta.js";
import { ROUTING } from "../testing/running-bot.js";
import { eventsOf } from "./events.js";
import { parseWebhook } from "./parse.js";

const NOW_MS = Date.UTC(2026, 0, 1);

function route(): Route {
  const found = RoutingTable.parse(ROUTING).find("whatsapp", "106540352242922");
  if (found === undefined) throw new Error("no route");
  return found;
}

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
