import { describe, expect, test } from "@jest/globals";
import { timelineOf } from "../../console/src/conversations/timeline.js";
import type { FeedEntry } from "../../console/src/wire.js";

const person = {
  tenant: "kigali-parts",
  names: ["+250788000001", "RW.1"],
  callIds: ["CA1"],
};

function entry(
  type: string,
  data: Record<string, unknown>,
  changes: { topic?: string; tenant?: string } = {},
): FeedEntry {
  return {
    sequence: 1,
    topic: changes.topic ?? "voice.contact.events",
    partition: 0,
    offset: "0",
    key: "k",
    timestampMs: 5,
    headers: { ce_type: type, ce_tenantid: changes.tenant ?? "kigali-parts" },
    data,
  };
}

function told(...entries: FeedEntry[]): string[] {
  return timelineOf(entries, person).map(
    ({ channel, who, words }) => `${channel} ${who}: ${words}`,
  );
}

describe("the time line of a person", () => {
  test("tells once of a message that two services asked to be sent", () => {
    const message = (text: string, dedupeKey: string) =>
      entry(
        "message.send",
        { to: "RW.1", text, dedupeKey, kind: "text" },
        { topic: "whatsapp.outbound" },
      );
    expect(
      told(
        message("Dial *182#", "payment:1"),
        message("To pay, dial *182#", "payment:1"),
        message("Thank you", "payment:2"),
      ),
    ).toEqual([
      "WhatsApp Business: Dial *182#",
      "WhatsApp Business: Thank you",
    ]);
  });

  test("tells who answers, when that changes", () => {
    const updated = (handover?: object) =>
      entry(
        "conversation.updated",
        { contact: "RW.1", ...(handover === undefined ? {} : { handover }) },
        { topic: "broker.outbound" },
      );
    expect(
      told(
        updated(),
        updated({ state: "with_human", queue: "sales" }),
        updated({ state: "over", queue: "sales" }),
      ),
    ).toEqual([
      "platform Handover: to a colleague of sales",
      "platform Handover: is over, the agent answers again",
    ]);
  });

  test("merges what came by number, by user id and by call", () => {
    expect(
      told(
        entry(
          "message.received",
          { userId: "RW.1", text: "Muraho", kind: "text" },
          { topic: "whatsapp.inbound" },
        ),
        entry("call.start", { callId: "CA2", from: "+250788000001", to: "+1" }),
        entry("media.transcript", {
          callId: "CA1",
          role: "user",
          text: "Brake pads",
        }),
        entry("media.transcript", {
          callId: "CA1",
          role: "assistant",
          text: "Which ones?",
        }),
        entry("sip.ringing", { callId: "CA1" }, { topic: "voice.sip.events" }),
      ),
    ).toEqual([
      "WhatsApp Person: Muraho",
      "telephone Call: from +250788000001 to +1",
      "telephone Person: Brake pads",
      "telephone Agent: Which ones?",
      "SIP Call: ringing",
    ]);
  });

  test("leaves out others, other tenants, and what is no news", () => {
    expect(
      told(
        entry("call.start", { callId: "CA9", from: "+250788000009" }),
        entry("call.dtmf", { callId: "CA1", digit: "9" }, { tenant: "other" }),
        entry("media.sample", { callId: "CA1" }),
        entry("message.status", { phone: "+250788000001", status: "read" }),
      ),
    ).toEqual([]);
  });

  test("says what was wanted, offered and asked to pay", () => {
    expect(
      told(
        entry("intent.captured", {
          contact: "+250788000001",
          name: "order",
          slots: { item: "brake pads", place: "Remera" },
        }),
        entry(
          "ranking.forwarded",
          { contact: "+250788000001", candidates: [{}, {}] },
          { topic: "broker.outbound" },
        ),
        entry("call.payment_prompt", {
          callId: "CA1",
          amount: 5000,
          currency: "RWF",
          ussd: "*182#",
        }),
      ),
    ).toEqual([
      "platform Wants: order brake pads, Remera",
      "platform Ranking: 2 offers were forwarded",
      "telephone Payment: 5,000 RWF *182#",
    ]);
  });
});
