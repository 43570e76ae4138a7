import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { deriveEventId } from "./event.js";
import { isPlainSipData } from "./plain-sip.js";
import { sipSchemas } from "./voice.js";

const schema = sipSchemas["sip.audio"];

const plain = {
  callId: "a84b4c76e66710@pc33.example",
  tenantId: "kigali-parts",
  from: "+250780000001",
  to: "sip:desk@kigali.example",
  agent: "sales",
  at: "2026-03-01T08:30:00.123Z",
  timestamp: "2026-03-01T10:30:00+02:00",
  payload: { leg: "a", tones: ["1", 2, null, true], deep: { er: {} } },
  idempotencyKey: "a84b4c76e66710-2",
};

/** What may stand in a field, or nearly: some of it right, some of it wrong in a way of its own. */
const oddValue = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    "",
    "x".repeat(128),
    "x".repeat(129),
    "x".repeat(257),
    "x".repeat(513),
    "2026-03-01T08:30:00Z",
    "2026-02-30T08:30:00Z",
    "2026-03-01T08:30:00",
    "2026-03-01",
    Number.NaN,
    Number.POSITIVE_INFINITY,
    new Date(0),
    new Map(),
    [undefined],
    { inner: undefined },
    { inner: { inner: 1n } },
    Object.create(null),
    JSON.parse('{"__proto__": 1}'),
  ),
  fc.string(),
  fc.integer(),
  fc.jsonValue(),
);

const names = [...Object.keys(plain), "unknown", "__proto__"];

describe("a SIP event's data", () => {
  test("is known without the schema when it is as nearly all are", () => {
    expect(isPlainSipData(plain)).toBe(true);
    const { callId, tenantId, at } = plain;
    expect(isPlainSipData({ callId, tenantId, at })).toBe(true);
  });

  test("is known only when the schema takes it, all of it, as it is", () => {
    let known = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...names), oddValue), {
          maxLength: 3,
        }),
        fc.subarray(names),
        (changes, kept) => {
          const data = Object.fromEntries([
            ...Object.entries(plain).filter(([name]) => kept.includes(name)),
            ...changes,
          ]);
          if (!isPlainSipData(data)) return;
          known += 1;
          expect(schema.parse(data)).toEqual(data);
        },
      ),
      { numRuns: 1_000 },
    );
    expect(known).toBeGreaterThan(0);
  });

  test.each([
    ["nothing", undefined],
    ["an array", []],
    ["something made by a class", Object.assign(new Date(0), plain)],
    ["no call", { ...plain, callId: undefined }],
    ["no tenant", { ...plain, tenantId: undefined }],
    ["no time", { ...plain, at: undefined }],
    ["a field that is not known", { ...plain, other: 1 }],
  ])("is left to the schema when it is or has %s", (_, data) => {
    expect(isPlainSipData(data)).toBe(false);
  });
});

describe("a derived id", () => {
  test("is that of the parts' bytes, each behind its length, however long", () => {
    const part = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }),
      fc.string({ unit: "grapheme", maxLength: 60 }),
      fc.constantFrom("x".repeat(127), "x".repeat(128), "\ud800", "é\udc00"),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
        const digest = createHash("sha256");
        for (const one of parts) {
          const bytes = Buffer.from(one, "utf8");
          const length = Buffer.alloc(4);
          length.writeUInt32BE(bytes.length);
          digest.update(length).update(bytes);
        }
        const bytes = digest.digest().subarray(0, 16);
        bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
        bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
        expect(deriveEventId(...parts).replaceAll("-", "")).toBe(
          bytes.toString("hex"),
        );
      }),
      { numRuns: 500 },
    );
  });
});
