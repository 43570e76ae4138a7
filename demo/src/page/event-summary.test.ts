import { describe, expect, test } from "@jest/globals";
import { matches, summaryOf } from "../../console/src/event-summary.js";
import type { FeedEntry } from "../../console/src/wire.js";

const entry: FeedEntry = {
  sequence: 1,
  topic: "voice.media.events",
  partition: 0,
  offset: "0",
  key: "CA1",
  timestampMs: 0,
  headers: { ce_type: "media.transcript", ce_tenantid: "kigali-parts" },
  data: { from: "+250788123456", text: "I need brake pads" },
};

describe("the line about an event", () => {
  test("is what was said, not what every event of a call has", () => {
    expect(summaryOf(entry)).toBe("I need brake pads");
  });

  test("is who called when there is nothing else to tell", () => {
    const start = { ...entry, data: { from: "+250788123456", to: "+2507" } };
    expect(summaryOf(start)).toBe("from +250788123456 · to +2507");
  });
});

describe("the filter", () => {
  test.each([
    ["", "", true],
    ["voice.media.events", "", true],
    ["voice.contact.events", "", false],
    ["", "BRAKE", true],
    ["", "brake kigali", true],
    ["", "media.transcript", true],
    ["", "brake tyres", false],
  ])("topic %p and words %p: %p", (topic, search, wanted) => {
    expect(matches(entry, topic, search)).toBe(wanted);
  });
});
