import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { maskPhone, maskText, redact, REDACTED } from "./redaction.js";

const phone = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 8, max: 14 }))
  .chain(([first, rest]) =>
    fc
      .array(fc.integer({ min: 0, max: 9 }), {
        minLength: rest,
        maxLength: rest,
      })
      .map((digits) => [first, ...digits].join("")),
  );

const separated = phone.chain((digits) =>
  fc
    .array(fc.constantFrom("", " ", "-", ".", ") ", " ("), {
      minLength: digits.length,
      maxLength: digits.length,
    })
    .map(
      (gaps) =>
        `+${Array.from(digits)
          .map((d, i) => (i === 0 ? d : (gaps[i] ?? "") + d))
          .join("")}`,
    ),
);

/** Text without digits, so that only the number at hand is found in it. */
const words = fc.stringMatching(/^[ a-z:;,'"<>@/=-]{0,30}$/);

function digitsOf(text: string): string {
  return text.replace(/\D/g, "");
}

describe("a masked number", () => {
  test("keeps its first four and last two digits", () => {
    expect(maskPhone("+250780000001")).toBe("+2507*****01");
    expect(maskPhone("250780000001")).toBe("2507*****01");
    expect(maskPhone("+250 780 000 001")).toBe("+2507*****01");
  });

  test("hides at least five digits, of a short one too", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\+?[0-9]{0,15}$/), (number) => {
        const shown = digitsOf(maskPhone(number)).length;
        expect(shown).toBeLessThanOrEqual(
          Math.max(0, digitsOf(number).length - 5),
        );
      }),
    );
  });
});

describe("text", () => {
  test("never shows an E.164 number, wherever it stands and however it is written", () => {
    fc.assert(
      fc.property(
        words,
        fc.oneof(
          phone,
          separated,
          phone.map((p) => `+${p}`),
        ),
        words,
        (before, number, after) => {
          const masked = maskText(`${before}${number}${after}`);
          expect(masked).not.toContain(number);
          expect(digitsOf(masked).length).toBeLessThanOrEqual(6);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("is the same when it is masked again", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), separated, phone, fc.lorem()),
        (text) => {
          const once = maskText(text);
          expect(maskText(once)).toBe(once);
        },
      ),
    );
  });

  test.each([
    "call 550e8400-e29b-41d4-a716-446655440000 ended",
    "CA0123456789abcdef0123456789abcdef",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "2026-11-22T15:20:09.721Z",
    "2026-11-22 15:20",
    "127.0.0.1:9092",
    "192.168.100.100",
    "offset 12345678",
  ])("keeps what is no number: %s", (text) => {
    expect(maskText(text)).toBe(text);
  });

  test.each([
    ["whatsapp:+250780000001", "whatsapp:+2507*****01"],
    ["sip:+250780000001@kigali.example", "sip:+2507*****01@kigali.example"],
    ["/opt-outs/%2B250780000001?x=1", "/opt-outs/%2B2507*****01?x=1"],
    ["kigali-parts:250780000001", "kigali-parts:2507*****01"],
    ["user_250780000001_x", "user_2507*****01_x"],
    ["ring 0780 000 001 now", "ring 078*****01 now"],
    ["250 780 000 001", "2507*****01"],
    ["two: +250780000001,+250780000002", "two: +2507*****01,+2507*****02"],
  ])("masks %s", (text, masked) => {
    expect(maskText(text)).toBe(masked);
  });

  test.each([
    "Authorization: Bearer abc.def-ghi",
    "redis://default:hunter2@redis:6379 is away",
    "Incorrect API key provided: sk-proj-abcdefghijkl",
    "eyJhbGciOiJIUzI1NiJ9.eyJ0ZW5hbnRJZCI6ImEifQ.c2lnbmF0dXJl",
  ])("hides the credential in %j", (text) => {
    expect(maskText(text)).not.toMatch(/abc|hunter2|sk-proj|eyJ/);
  });

  test("of a megabyte is masked in linear time, also when it is made to be slow", () => {
    const adversarial = [
      "+".repeat(1e6),
      "1 ".repeat(5e5),
      "//a".repeat(3e5),
      "+1 (".repeat(2e5),
      "eyJa.".repeat(2e5),
      "0123456 ".repeat(1e5),
      "a0".repeat(5e5),
    ];
    for (const text of adversarial) {
      const startMs = performance.now();
      maskText(text);
      expect(performance.now() - startMs).toBeLessThan(10_000);
    }
  });
});

describe("data", () => {
  const key = fc.stringMatching(/^[a-z]{1,8}$/);
  const around = (leaf: fc.Arbitrary<unknown>) =>
    fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 6 },
        leaf,
        fc.dictionary(key, tie("node"), { minKeys: 1, maxKeys: 3 }),
        fc.array(tie("node"), { minLength: 1, maxLength: 3 }),
      ),
    })).node;

  test("shows no number at any depth, as a string, a number or a key", () => {
    fc.assert(
      fc.property(phone, (digits) => {
        const leaf = fc.constantFrom<unknown>(
          `+${digits}`,
          `tel:${digits}`,
          Number(digits),
          { [`+${digits}`]: 1 },
        );
        const [data] = fc.sample(around(leaf), 1);
        expect(JSON.stringify(redact(data))).not.toContain(digits);
      }),
      { numRuns: 1_000 },
    );
  });

  test("shows nothing that stands under a sensitive key, however it is spelled", () => {
    const sensitive = fc.constantFrom(
      "text",
      "transcript",
      "name",
      "Authorization",
      "set-cookie",
      "apiKey",
      "api_key",
      "OPENAI_API_KEY",
      "access_token",
      "X-Twilio-Signature",
      "profileName",
      "clientSecret",
      "password",
      "jwt",
      "body",
    );
    fc.assert(
      fc.property(
        sensitive,
        fc.jsonValue(),
        fc.nat(4),
        (name, value, depth) => {
          let data: unknown = { [name]: { hidden: "canary", value } };
          for (let level = 0; level < depth; level++) {
            data = level % 2 === 0 ? [data] : { inner: data };
          }
          const shown = JSON.stringify(redact(data));
          expect(shown).not.toContain("canary");
          expect(shown).toContain(REDACTED);
        },
      ),
    );
  });

  test("keeps quantities, flags and ordinary keys", () => {
    const data = {
      durationMs: 1_700_000_000_000,
      maxBytes: 1_073_741_824,
      status: 200,
      ratio: 123456789.5,
      tokens: { input: 12, output: 90 },
      topic: "voice.contact.events",
      partition: 3,
      ok: true,
      nothing: null,
    };
    expect(redact(data)).toEqual(data);
  });
});
