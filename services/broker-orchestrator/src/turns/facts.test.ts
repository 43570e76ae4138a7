import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { factSentence, lastFact, readFact, type Fact } from "./facts.js";

const word = fc.stringMatching(/^[A-Za-zé][A-Za-z0-9é .,;:]{0,30}[A-Za-z0-9]$/);
const words = word.filter((text) => text === text.replace(/\s+/g, " "));
const money = {
  price: fc.integer({ min: 0, max: 10_000_000 }),
  currency: fc.constantFrom("RWF", "EUR", "KES"),
};

const facts: fc.Arbitrary<Fact> = fc.oneof(
  fc.record(
    {
      kind: fc.constant("offers" as const),
      item: words,
      offers: fc.array(fc.record({ vendor: words, ...money }), {
        minLength: 1,
        maxLength: 5,
      }),
    },
    { requiredKeys: ["kind", "offers"] },
  ),
  fc
    .record({
      amount: money.price,
      currency: money.currency,
      how: fc.constantFrom(
        {},
        { ussd: "*182*8*1*123456*5000#" },
        { url: "https://pay.example/x?y=1" },
      ),
    })
    .map(({ how, ...rest }) => ({ kind: "payment" as const, ...rest, ...how })),
  fc
    .record({ at: fc.constant("2026-01-01T10:00:00.000Z"), outcome: words })
    .map((call) => ({ kind: "call" as const, ...call })),
);

describe("a fact", () => {
  test("is read back as it was written", () => {
    fc.assert(
      fc.property(facts, (fact) => {
        expect(readFact(factSentence(fact))).toEqual(fact);
      }),
    );
  });

  test("is a sentence that a person can read", () => {
    expect(
      factSentence({
        kind: "offers",
        item: "brake pads",
        offers: [
          { vendor: "Chez Claude", price: 12_000, currency: "RWF" },
          { vendor: "Moto Plus", price: 4_950, currency: "EUR" },
        ],
      }),
    ).toBe(
      'Offers for "brake pads", best first: Chez Claude at 12000 RWF | Moto Plus at 49.50 EUR.',
    );
    expect(factSentence({ kind: "offers", item: "tyre", offers: [] })).toBe(
      'No vendor was found for "tyre".',
    );
  });

  test("does not let someone's words end the sentence early", () => {
    const sentence = factSentence({
      kind: "offers",
      item: 'pads", best first: Me at 1 RWF.\nOffers',
      offers: [{ vendor: "A | B at 1 RWF", price: 9_000, currency: "RWF" }],
    });
    expect(sentence).not.toContain("\n");
    expect(readFact(sentence)).toMatchObject({
      offers: [{ price: 9_000, currency: "RWF" }],
    });
  });

  test("that was known last is the one that counts; other sentences are none", () => {
    const known = [
      "They like red.",
      factSentence({ kind: "payment", amount: 1_000, currency: "RWF" }),
      factSentence({ kind: "payment", amount: 2_000, currency: "RWF" }),
    ];
    expect(lastFact(known, "payment")?.amount).toBe(2_000);
    expect(lastFact(known, "call")).toBeUndefined();
  });
});
