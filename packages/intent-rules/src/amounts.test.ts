import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { amountsIn } from "./amounts.js";

describe("the sums that a text names", () => {
  test.each([
    ["I want to pay 5,000 RWF", [5_000]],
    ["5k please", [5_000]],
    ["5 000 francs", [5_000]],
    ["RWF 12500 or 13.000", [12_500, 13_000]],
    ["1.250.000 Frw", [1_250_000]],
    ["five thousand", [5_000]],
    ["twelve thousand five hundred francs", [12_500]],
    ["5 thousand", [5_000]],
    ["cinq mille francs", [5_000]],
    ["douze mille cinq cents", [12_500]],
    ["quatre-vingt mille", [80_000]],
    ["ibihumbi bitanu", [5_000]],
    ["amafaranga ibihumbi cumi na bibiri", [12_000]],
    ["ibihumbi mirongo itanu", [50_000]],
    ["ibihumbi magana abiri", [200_000]],
    ["ibihumbi bitanu na magana atanu", [5_500]],
    ["igihumbi", [1_000]],
    ["elfu tano", [5_000]],
    ["elfu kumi na tano", [15_000]],
    ["elfu tano na mia tano", [5_500]],
    ["shilingi", []],
    ["one of them", []],
    ["ni moja tu", []],
    ["two brake pads for 3000 and 4000", [3_000, 4_000]],
  ])("%s", (text, sums) => {
    expect(amountsIn(text, "RWF")).toEqual(sums);
  });

  test.each([
    "+250 788 000 001",
    "0788000001",
    "*182*8*1*123456*5000#",
    "at 10:30 on 12/10/2026",
    "10% off",
    "20 dollars",
    "50 €",
    "",
  ])("are not in %j", (text) => {
    expect(amountsIn(text, "RWF")).toEqual([]);
  });

  test("are in the minor unit of the currency", () => {
    expect(amountsIn("49.50 euros or 50", "EUR")).toEqual([4_950, 5_000]);
    expect(amountsIn("1,249.90 EUR", "EUR")).toEqual([124_990]);
    expect(amountsIn("5000 francs", "EUR")).toEqual([]);
  });

  test("are found however they are grouped", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 999_999_999 }),
        fc.constantFrom(",", " ", ".", "\u202f"),
        (amount, separator) => {
          const written = String(amount).replace(
            /\B(?=(\d{3})+(?!\d))/g,
            separator,
          );
          expect(amountsIn(`pay ${written} RWF now`, "RWF")).toEqual([amount]);
        },
      ),
    );
  });

  test("of any text are whole and positive", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
        for (const amount of amountsIn(`${text} mille ${text}`, "EUR")) {
          expect(Number.isSafeInteger(amount)).toBe(true);
          expect(amount).toBeGreaterThan(0);
        }
      }),
    );
  });
});
