import { readFile } from "node:fs/promises";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Vendor } from "../vendors/vendor.js";
import { rank, weights } from "./score.js";
import { wishOf } from "./wish.js";
import { tellingWords } from "./words.js";

const pads = { name: "Brake pads", price: 5_000, currency: "RWF" };

function vendor(vendorId: string, more: Partial<Vendor> = {}): Vendor {
  return {
    vendorId,
    name: vendorId,
    phone: "+250780000100",
    area: "Nyabugogo",
    rating: 4,
    responseSeconds: 600,
    items: [pads],
    ...more,
  };
}

const wish = (more: object = {}) => wishOf({ item: "brake pads", ...more });
const order = (vendors: readonly Vendor[], of = wish()) =>
  rank(of, vendors, 50).map(({ vendorId }) => vendorId);
const reasons = (vendors: readonly Vendor[], of = wish()) =>
  rank(of, vendors, 50).flatMap((one) => one.reasons);

describe("a score", () => {
  test("is made of weights that come to 1", () => {
    const total = Object.values(weights).reduce((sum, one) => sum + one, 0);
    expect(total).toBeCloseTo(1, 10);
  });

  test("has the weights that docs/ranking.md tells of", async () => {
    const page = await readFile(
      new URL("../../../../docs/ranking.md", import.meta.url),
      "utf8",
    );
    const told = [...page.matchAll(/^\| (\w+) +\| (0\.\d\d) /gm)].map(
      ([, name = "", weight]) => [name, Number(weight)],
    );
    expect(Object.fromEntries(told)).toEqual(weights);
  });

  test("is as documented", () => {
    const [one] = rank(
      wish({ place: "Remera" }),
      [vendor("a", { items: [{ ...pads, price: 10_000 }] }), vendor("b")],
      50,
    ).filter(({ vendorId }) => vendorId === "a");
    // 0.40 × 1 + 0.25 × 5,000/10,000 + 0.15 × 0 + 0.12 × 4/5 + 0.08 × 600/1,200
    expect(one?.score).toBe(0.661);
  });

  test.each<[string, Partial<Vendor>, Partial<Vendor>, object?]>([
    [
      "more of what is wanted",
      {},
      { items: [{ ...pads, name: "Brake cable" }] },
    ],
    ["the lower price", { items: [{ ...pads, price: 4_000 }] }, {}],
    ["the wanted place", {}, { area: "Remera" }, { place: "nyabugogo" }],
    ["the better rating", { rating: 4.5 }, {}],
    ["a rating", { rating: 3.5 }, { rating: null }],
    ["the faster answer", { responseSeconds: 60 }, {}],
    [
      "a known answering time",
      { responseSeconds: 600 },
      { responseSeconds: null },
    ],
  ])("is higher for %s", (_what, better, worse, more = {}) => {
    const vendors = [vendor("a", worse), vendor("z", better)];
    expect(order(vendors, wish(more))).toEqual(["z", "a"]);
  });

  test("is lower for what costs more than was said", () => {
    const vendors = [
      vendor("a", { rating: 5 }),
      vendor("b", { rating: 4, items: [{ ...pads, price: 4_800 }] }),
    ];
    expect(order(vendors)).toEqual(["a", "b"]);
    expect(order(vendors, wish({ amount: 4_900 }))).toEqual(["b", "a"]);
    expect(reasons(vendors, wish({ amount: "4,900" }))).toEqual(
      expect.arrayContaining([
        "Costs 4,800 RWF, within 4,900 RWF, the lowest of 2 offers",
        "Costs 5,000 RWF, more than 4,900 RWF, 4 % above the lowest",
      ]),
    );
  });
});

describe("a ranking", () => {
  test("stands the same however the vendors come, ties and all", () => {
    const vendors = ["d", "B", "a", "c"].map((id) => vendor(id));
    fc.assert(
      fc.property(
        fc.shuffledSubarray(vendors, { minLength: 4 }),
        (shuffled) => {
          expect(order(shuffled)).toEqual(["B", "a", "c", "d"]);
        },
      ),
    );
  });

  test("gives every candidate one reason for each part, and a score from 0 to 1", () => {
    const anyVendor = fc.record({
      vendorId: fc.uuid(),
      name: fc.string(),
      phone: fc.constant("+250780000100"),
      area: fc.string(),
      rating: fc.option(fc.double({ min: 0, max: 5, noNaN: true })),
      responseSeconds: fc.option(fc.nat()),
      items: fc.array(
        fc.record({
          name: fc.constantFrom("brake pads", "brake", "chain", ""),
          price: fc.integer({ min: 1, max: 1e9 }),
          currency: fc.constantFrom("RWF", "EUR"),
        }),
      ),
    });
    const slots = fc.dictionary(
      fc.constantFrom("item", "place", "amount"),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(fc.array(anyVendor), slots, (vendors, told) => {
        const ranked = rank(wishOf(told), vendors, 50);
        for (const { score, reasons: why } of ranked) {
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(1);
          expect(why).toHaveLength(5);
          expect(why.every((one) => one.length > 0)).toBe(true);
        }
        const scores = ranked.map(({ score }) => score);
        expect(scores).toEqual([...scores].sort((a, b) => b - a));
      }),
    );
  });

  test("leaves out who has nothing of what is wanted", () => {
    const chain = [{ name: "Chain", price: 1, currency: "RWF" }];
    expect(order([vendor("a"), vendor("b", { items: chain })])).toEqual(["a"]);
    expect(order([vendor("a", { items: [] })])).toEqual([]);
  });

  test("offers the item that fits best, the cheapest of those", () => {
    const items = [
      { ...pads, name: "Brake cable", price: 100 },
      { ...pads, name: "Brake pads Bajaj", price: 6_000 },
      { ...pads, name: "Brake pads TVS", price: 4_000 },
    ];
    expect(rank(wish(), [vendor("a", { items })], 1)).toMatchObject([
      { item: "Brake pads TVS", price: 4_000 },
    ]);
  });

  test("compares no prices of different currencies, and keeps to the one that is asked for", () => {
    const euros = vendor("e", {
      items: [{ ...pads, price: 500, currency: "EUR" }],
    });
    const both = [vendor("r"), euros];
    expect(reasons(both)).toEqual(
      expect.arrayContaining([
        "Costs 5,000 RWF, the only offer",
        "Costs 5.00 EUR, the only offer",
      ]),
    );
    expect(order(both, wish({ currency: "EUR" }))).toEqual(["e"]);
  });

  test("without a wish is of whole catalogues", () => {
    expect(
      order([vendor("a"), vendor("b", { items: [] })], wishOf({})),
    ).toEqual(["a"]);
    expect(reasons([vendor("a")], wishOf({}))[0]).toContain(
      "Nothing in particular is wanted",
    );
  });
});

describe("words", () => {
  test.each([
    ["Plaquettes de frein", "brake pads"],
    ["feri za moto", "brake"],
    ["BATTERIES", "battery"],
    ["i need a breki", "brakes"],
    ["chaîne", "chain"],
    ["pneus", "tyres"],
  ])("of %s are those of %s", (said, written) => {
    expect(tellingWords(said).sort()).toEqual(tellingWords(written).sort());
  });

  test.each([
    ["brak pads", ["a"]],
    ["brakes pad", ["a"]],
    ["bralke pads", ["a"]],
    ["mirror", []],
  ])("with a slip, as in %s, are understood", (item, expected) => {
    expect(order([vendor("a")], wishOf({ item }))).toEqual(expected);
  });
});
