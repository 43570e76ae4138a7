import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { canonicalJson, digestOf } from "./fingerprint.js";
import { payloadProblem } from "./json-shape.js";
import { parseParty } from "./party.js";
import { formatSipUri, parseSipUri, uriOfHeader } from "./sip-uri.js";
import { z } from "zod";
import { identify } from "../ingest/identity.js";
import { quickReader } from "./quick-event.js";
import {
  partyReader,
  sipEventKinds,
  sipEventSchema,
  type Json,
} from "./sip-event.js";
import { ManualClock } from "@easymo/service-kit";

const host = fc.oneof(
  fc.domain().map((name) => name.toLowerCase()),
  fc.ipV4(),
  fc.ipV6().map((address) => `[${address.toLowerCase()}]`),
);
const user = fc.stringMatching(/^[\w.!~*'()&=+$,?/-]{1,30}$/);
const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined });
const uri = fc.record({
  scheme: fc.constantFrom("sip" as const, "sips" as const),
  user: fc.option(user, { nil: undefined }),
  host,
  port,
});

/** Text made of what SIP headers are made of, in any order. */
const sipText = fc
  .array(
    fc.constantFrom(
      ...["sip:", "sips:", "tel:", "<", ">", '"', "\\", "@", ":", ";", "?"],
      ...["[", "]", "%", "%2B", "+", "250788000009", "a", ".", " ", "é", "\0"],
    ),
    { maxLength: 24 },
  )
  .map((parts) => parts.join(""));

describe("a SIP URI", () => {
  test("is read back from how it is written", () => {
    fc.assert(
      fc.property(uri, (given) => {
        expect(parseSipUri(formatSipUri(given))).toEqual(given);
      }),
    );
  });

  test("is the same within a header, with whatever surrounds it", () => {
    const name = fc.stringMatching(/^[\w <>@;:,]{0,20}$/);
    fc.assert(
      fc.property(uri, name, (given, display) => {
        const header = `"${display}" <${formatSipUri(given)};transport=tls?subject=x>;tag=1`;
        expect(parseSipUri(uriOfHeader(header) ?? "")).toEqual(given);
      }),
    );
  });

  test("keeps no password, parameters or headers, and its host in lower case", () => {
    expect(
      parseSipUri("SIPS:Alice:secret@Kigali.Example:5061;lr?subject=x"),
    ).toEqual({
      scheme: "sips",
      user: "Alice",
      host: "kigali.example",
      port: 5061,
    });
  });

  test("of any text is one that can be read again, or none; nothing throws", () => {
    fc.assert(
      fc.property(fc.oneof(sipText, fc.string()), (text) => {
        const parsed = parseSipUri(text);
        if (parsed === undefined) return;
        const written = formatSipUri(parsed);
        expect(parseSipUri(written)).toEqual(parsed);
        expect(written).toMatch(/^[\x21-\x7e]+$/);
        expect(written).not.toMatch(/[<>"]/);
      }),
    );
  });

  test("of hostile length is refused in no time", () => {
    for (const text of [
      `sip:${"a".repeat(100_000)}`,
      `sip:${"a.".repeat(50_000)}-`,
      `"${"\\".repeat(100_000)}`,
      `sip:${"%".repeat(100_000)}@b`,
    ])
      expect(parseParty(text)).toBeUndefined();
  });
});

describe("a party", () => {
  test.each([
    ["+250788000009", "+250788000009"],
    ["+250 788 000 009", "+250788000009"],
    ["tel:+250-788-000-009;phone-context=x", "+250788000009"],
    ["sip:+250788000009@carrier.example;user=phone", "+250788000009"],
    ["sip:%2B250788000009@carrier.example", "+250788000009"],
    ["<sip:+250788000009;npdi@carrier.example>;tag=7", "+250788000009"],
    ["sip:desk@KIGALI.example;transport=tcp", "sip:desk@kigali.example"],
    ["sip:1001@pbx.example:5080", "sip:1001@pbx.example:5080"],
    ['"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1', "anonymous"],
    ["anonymous", "anonymous"],
    ["1001", "1001"],
  ])("%p is %p", (text, address) => {
    expect(parseParty(text)?.address).toBe(address);
  });

  test("without a country code is of the default country, if there is one", () => {
    expect(parseParty("0788 000 009", "RW")?.phone).toBe("+250788000009");
    expect(parseParty("sip:0788000009@pbx.example", "RW")?.phone).toBe(
      "+250788000009",
    );
    expect(parseParty("sip:1001@pbx.example", "RW")?.phone).toBeUndefined();
    expect(parseParty("0788000009")?.phone).toBeUndefined();
  });

  test("of any text is a short address, or none; nothing throws, and an address is its own", () => {
    fc.assert(
      fc.property(fc.oneof(sipText, fc.string()), (text) => {
        const party = parseParty(text, "RW");
        if (party === undefined) return;
        expect(party.address).toMatch(/^[\x21-\x7e]+$/);
        if (party.phone !== undefined)
          expect(party.phone).toMatch(/^\+[1-9]\d{5,14}$/);
        expect(parseParty(party.address, "RW")?.address).toBe(party.address);
      }),
      { numRuns: 500 },
    );
  });
});

const fingerprintOf = (value: Json): string => digestOf(canonicalJson(value));

describe("a fingerprint", () => {
  const json = fc.jsonValue({ maxDepth: 4 }).map((value) =>
    // Through JSON, which has no -0.
    z.json().parse(JSON.parse(JSON.stringify(value))),
  );

  test("is the same however the members are ordered", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.integer()), (members) => {
        const turned = Object.fromEntries(Object.entries(members).reverse());
        expect(fingerprintOf(turned)).toBe(fingerprintOf({ ...members }));
      }),
    );
  });

  test("is another for anything else", () => {
    fc.assert(
      fc.property(json, json, (one, other) => {
        const same = canonicalJson(one) === canonicalJson(other);
        expect(fingerprintOf(one) === fingerprintOf(other)).toBe(same);
        expect(JSON.parse(canonicalJson(one))).toEqual(one);
      }),
    );
  });
});

describe("an event", () => {
  const clock = new ManualClock(Date.UTC(2026, 2, 1, 9));
  const readParty = partyReader("RW");
  const schema = sipEventSchema({ clock, readParty });
  const readQuickly = quickReader({ clock, readParty });

  const address = fc.oneof(
    fc.constantFrom(
      "+250788000009",
      "0788 000 009",
      "sip:desk@kigali.example",
      '"A" <sip:+250788000009@carrier.example>;tag=7',
      "anonymous",
    ),
    sipText,
    fc.string(),
  );
  const time = fc.oneof(
    fc
      .date({
        min: new Date("2020-01-01"),
        max: new Date("2026-04-01"),
        noInvalidDate: true,
      })
      .map((date) => date.toISOString()),
    fc.constantFrom(
      "2026-03-01T08:30:00Z",
      "2026-03-01T10:30:00.5+02:00",
      "2026-03-01T09:05:00Z",
      "2026-03-01T09:05:00.001Z",
      "2026-02-29T08:30:00Z",
      "2024-02-29T08:30:00Z",
      "2026-02-30T08:30:00Z",
      "2026-03-01T24:00:00Z",
      "2026-03-01T08:30:00",
      "2026-03-01T08:30:60Z",
      "2026-03-01t08:30:00z",
      "2026-03-01",
    ),
  );
  const json = fc
    .oneof(
      fc.jsonValue({ maxDepth: 18 }),
      fc.dictionary(fc.constantFrom("__proto__", "constructor", "a"), fc.nat()),
    )
    .map((value) => JSON.stringify(value));
  const good = fc.record(
    {
      callId: fc.stringMatching(/^[\x21-\x7e]{1,30}$/),
      event: fc.constantFrom(...sipEventKinds),
      timestamp: fc.constantFrom(
        "2026-03-01T08:30:00Z",
        "2026-02-28T23:00:00.25+02:00",
      ),
      from: fc.constantFrom("+250788000009", "sip:a@b.example", "1001"),
      to: fc.constantFrom("sip:desk@kigali.example:5061;lr"),
      payload: fc
        .jsonValue({ maxDepth: 5 })
        .filter((value) => !JSON.stringify(value).includes("__proto__")),
      idempotencyKey: fc.string({
        unit: "grapheme",
        minLength: 1,
        maxLength: 40,
      }),
    },
    { requiredKeys: ["callId", "event", "timestamp"] },
  );
  /** Each field as it may be, or as it may not. */
  const any = fc.record(
    {
      callId: fc.oneof(fc.string(), fc.nat()),
      event: fc.oneof(
        fc.constantFrom(...sipEventKinds),
        fc.constantFrom("RINGING", "constructor", null),
      ),
      timestamp: fc.oneof(time, fc.nat()),
      from: fc.oneof(address, fc.constant(null)),
      to: address,
      payload: json.map((text): unknown => JSON.parse(text)),
      idempotencyKey: fc.oneof(
        fc.string({ maxLength: 600 }),
        fc.constantFrom("\ud800", "", 1),
      ),
      colour: fc.string(),
    },
    { requiredKeys: [] },
  );
  /** As it comes off the wire. */
  const sent = (body: unknown): object =>
    z.looseObject({}).parse(JSON.parse(JSON.stringify(body)));

  test("that is as it should be is read the quick way, as the schema reads it", () => {
    fc.assert(
      fc.property(good, (given) => {
        const body = sent(given);
        const read = readQuickly(body);
        expect(read).toBeDefined();
        expect(read).toEqual(schema.parse(body));
      }),
    );
  });

  test("of any kind is read the quick way only if the schema takes it, and alike", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          any,
          fc.tuple(good, any).map(([one, other]) => ({ ...one, ...other })),
        ),
        (given) => {
          const body = sent(given);
          const read = readQuickly(body);
          if (read !== undefined) expect(read).toEqual(schema.parse(body));
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each([
    ["an infinite number", '{"n":1e999}'],
    ["a prototype", '{"a":{"__proto__":{"b":1}}}'],
    ["a depth that is too much", `${"[".repeat(17)}${"]".repeat(17)}`],
  ])(
    "with %s in its payload is left to the schema, which refuses it",
    (_, payload) => {
      const body: unknown = JSON.parse(
        `{"callId":"c","event":"audio","timestamp":"2026-03-01T08:30:00Z","payload":${payload}}`,
      );
      expect(
        typeof body === "object" && body !== null && readQuickly(body),
      ).toBeUndefined();
      expect(schema.safeParse(body).success).toBe(false);
    },
  );

  test("is what it says, to the letter: its fingerprint is that of its words", () => {
    fc.assert(
      fc.property(good, (given) => {
        const event = schema.parse(sent(given));
        const words: Json = z
          .json()
          .parse(sent({ ...given, idempotencyKey: undefined }));
        expect(identify("t", event, "k").fingerprint).toBe(
          fingerprintOf(words),
        );
      }),
    );
  });
});

test("a payload of any JSON that is not too deep is taken", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 10 }), (text) => {
      const value: unknown = JSON.parse(text);
      const hasPrototype = text.includes('"__proto__":');
      expect(payloadProblem(value) === undefined).toBe(!hasPrototype);
    }),
  );
});
