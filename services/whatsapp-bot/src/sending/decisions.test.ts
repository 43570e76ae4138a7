import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { inPlaceDelaysMs, retryDelaysMs, verdictOf } from "./graph-verdict.js";
import { graphMessages } from "./graph-messages.js";
import { permissionFor, type Situation } from "./permission.js";
import { splitText } from "./split.js";
import { takeToken, type Bucket, type Rate } from "./token-bucket.js";

describe("what an answer of the Graph API means", () => {
  test.each([
    [429, undefined, "retry"],
    [400, 130_429, "retry"],
    [400, 131_056, "retry"],
    [500, undefined, "retry"],
    [503, 2, "retry"],
    [400, 131_050, "opted_out"],
    [400, 131_047, "refused"],
    [400, 131_026, "refused"],
    [401, 190, "refused"],
    [404, undefined, "refused"],
  ] as const)("HTTP %d with code %s: %s", (status, code, verdict) => {
    expect(verdictOf({ status, code })).toBe(verdict);
  });

  test("another attempt follows after 4^n seconds", () => {
    expect([...inPlaceDelaysMs, ...retryDelaysMs]).toEqual([
      1_000, 4_000, 16_000, 64_000, 256_000, 1_024_000, 4_096_000,
    ]);
  });
});

describe("whether a message may be sent", () => {
  const usual: Situation = {
    purpose: "reply",
    kind: "text",
    optedOut: false,
    windowOpen: true,
    hasTemplate: false,
  };
  test.each<[string, Partial<Situation>, object]>([
    ["an answer in time", {}, { step: "send" }],
    ["after 24 hours", { windowOpen: false }, { step: "refuse" }],
    [
      "after 24 hours with a template at hand",
      { windowOpen: false, hasTemplate: true },
      { step: "send_template" },
    ],
    [
      "a template after 24 hours",
      { windowOpen: false, kind: "template" },
      { step: "send" },
    ],
    [
      "to someone who opted out",
      { optedOut: true },
      { step: "drop", outcome: "opted_out" },
    ],
    [
      "a template to someone who opted out",
      { optedOut: true, kind: "template", windowOpen: false },
      { step: "drop", outcome: "opted_out" },
    ],
    [
      "the confirmation of an opt-out",
      { optedOut: true, purpose: "opt_out_confirmation" },
      { step: "send" },
    ],
    [
      "the confirmation of an opt-out after 24 hours",
      {
        optedOut: true,
        purpose: "opt_out_confirmation",
        windowOpen: false,
        hasTemplate: true,
      },
      { step: "drop", outcome: "unconfirmed" },
    ],
    [
      "the confirmation of an opt-in to someone who opted out since",
      { optedOut: true, purpose: "opt_in_confirmation" },
      { step: "drop", outcome: "opted_out" },
    ],
  ])("%s", (_what, changes, permission) => {
    expect(permissionFor({ ...usual, ...changes })).toEqual(permission);
  });
});

describe("a text that is too long for one message", () => {
  test("is cut between words and loses none", () => {
    const words = Array.from({ length: 3_000 }, (_, at) => `word${at}`);
    const parts = splitText(words.join(" "));
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.join(" ").split(" ")).toEqual(words);
  });

  test("keeps every character that is not blank, within the limit, whole", () => {
    const blankless = (text: string): string => text.replace(/\s+/g, "");
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme-composite", maxLength: 200 }),
        fc.integer({ min: 2, max: 40 }),
        (text, max) => {
          const parts = splitText(text, max);
          for (const part of parts) {
            expect(part.length).toBeLessThanOrEqual(max);
            expect(part.isWellFormed()).toBe(true);
          }
          expect(blankless(parts.join(""))).toBe(blankless(text));
        },
      ),
    );
  });
});

describe("a token bucket", () => {
  const rate: Rate = { burst: 45, everyMs: 6_000 };

  test("lets the burst go at once, and then one each 6 s", () => {
    let bucket: Bucket | undefined;
    for (let sent = 0; sent < 45; sent++) {
      const result = takeToken(bucket, rate, 1_000);
      if (!result.taken) throw new Error("the burst was cut short");
      bucket = result.bucket;
    }
    expect(takeToken(bucket, rate, 1_000)).toEqual({
      taken: false,
      waitMs: 6_000,
    });
    expect(takeToken(bucket, rate, 7_000).taken).toBe(true);
  });

  test("never lets more go than its burst and what time has brought", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 300 }),
        (gapsMs) => {
          let bucket: Bucket | undefined;
          let nowMs = 0;
          let taken = 0;
          for (const gapMs of gapsMs) {
            nowMs += gapMs;
            const result = takeToken(bucket, rate, nowMs);
            if (!result.taken) continue;
            taken += 1;
            bucket = result.bucket;
          }
          expect(taken).toBeLessThanOrEqual(
            Math.floor(rate.burst + nowMs / rate.everyMs + 1e-6),
          );
        },
      ),
    );
  });
});

describe("what Meta is sent", () => {
  const common = {
    tenantId: "t",
    to: "+250788000001",
    at: "2026-01-01T00:00:00Z",
    dedupeKey: "k",
    purpose: "reply" as const,
  };

  test("names a number in `to` and a user id in `recipient`", () => {
    const [byNumber] = graphMessages({ ...common, kind: "text", text: "hi" });
    expect(byNumber).toMatchObject({
      to: "+250788000001",
      recipient_type: "individual",
      biz_opaque_callback_data: "k",
    });
    expect(byNumber).not.toHaveProperty("recipient");
    const [byId] = graphMessages({
      ...common,
      to: "RW.123",
      kind: "text",
      text: "hi",
    });
    expect(byId).toMatchObject({ recipient: "RW.123" });
    expect(byId).not.toHaveProperty("to");
  });

  test("is media by id or by link, with a caption where the kind has one", () => {
    expect(
      graphMessages({
        ...common,
        kind: "document",
        media: {
          link: "https://example.com/a.pdf",
          caption: "c",
          filename: "a.pdf",
        },
      }),
    ).toMatchObject([
      {
        type: "document",
        document: {
          link: "https://example.com/a.pdf",
          caption: "c",
          filename: "a.pdf",
        },
      },
    ]);
    const [audio] = graphMessages({
      ...common,
      kind: "audio",
      media: { id: "123", caption: "c" },
    });
    expect(audio).toMatchObject({ type: "audio", audio: { id: "123" } });
    expect(audio).not.toHaveProperty("audio.caption");
  });

  test("is a template or buttons as they were given", () => {
    const button = { type: "reply", reply: { id: "1", title: "Yes" } };
    const interactive = {
      type: "button",
      body: { text: "Sure?" },
      action: { buttons: [button] },
    };
    expect(
      graphMessages({
        ...common,
        kind: "interactive",
        interactive,
        inReplyTo: "wamid.1",
      }),
    ).toMatchObject([
      { type: "interactive", interactive, context: { message_id: "wamid.1" } },
    ]);
    expect(
      graphMessages({
        ...common,
        kind: "template",
        template: { name: "n", language: "en_US", components: [] },
      }),
    ).toMatchObject([
      {
        type: "template",
        template: { name: "n", language: { code: "en_US" }, components: [] },
      },
    ]);
  });
});
