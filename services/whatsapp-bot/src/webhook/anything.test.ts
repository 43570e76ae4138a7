import { Problem } from "@easymo/service-kit";
import { RoutingTable, type Route } from "@easymo/routing";
import { recordOf } from "@easymo/messaging";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { ROUTING } from "../testing/running-bot.js";
import { eventsOf } from "./events.js";
import { parseWebhook } from "./parse.js";

const NOW_MS = Date.UTC(2026, 0, 1);

function route(): Route {
  const found = RoutingTable.parse(ROUTING).find("whatsapp", "106540352242922");
  if (found === undefined) throw new Error("no route");
  return found;
}

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
      "edit",
      "revoke",
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
      { numRuns: 60 },
    );
  });
});
