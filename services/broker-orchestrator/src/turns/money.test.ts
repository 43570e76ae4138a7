import { describe, expect, test } from "@jest/globals";
import { conversation, turnOf } from "../testing/turn-request.js";
import { factSentence } from "./facts.js";
import { allowedAmounts, madeUpDestination } from "./money.js";

describe("a payment may be for", () => {
  test("what the person wrote, now or before, and what is known; not for what the agent said", () => {
    const turn = turnOf("pay 5,000", {
      history: conversation("I have 7000 francs", "It costs 9000", "too much"),
      facts: [
        factSentence({
          kind: "offers",
          offers: [
            { vendor: "A", price: 12_000, currency: "RWF" },
            { vendor: "B", price: 13_000, currency: "KES" },
          ],
        }),
        factSentence({ kind: "payment", amount: 2_000, currency: "RWF" }),
        "Their neighbour paid 99000.",
      ],
    });
    expect([...allowedAmounts(turn)].sort((a, b) => a - b)).toEqual([
      2_000, 5_000, 7_000, 12_000,
    ]);
  });
});

describe("where money could go", () => {
  test.each([
    ["Dial *182*8*1*999*5000# now", "*182*8*1*999*5000"],
    ["Dial *182 * 8 * 1 * 999 * 5000 #", "*182*8*1*999*5000"],
    ["Dial *182*8*1*999*5000 now", "*182*8*1*999*5000"],
    ["Dial *144#", "*144"],
    ["Open https://evil.example/pay.", "evil.example/pay"],
    ["see www.evil.example", "www.evil.example"],
    ["it is on pay.evil.com, really", "pay.evil.com"],
    ["try wa.me/250788", "wa.me/250788"],
    ["Send it to 0788 123 456", "tel:788123456"],
    ["Send it to +250 788-123-456.", "tel:788123456"],
  ])("is found when it is made up: %s", (text, found) => {
    expect(madeUpDestination(text, ["Dial *182*8*1*123*5000#"])).toBe(found);
  });

  test.each([
    ["Dial *182*8*1*123*5000#", ["dial *182*8*1*123*5000#."]],
    ["Call us on 0788000005", ["on +250788000005 about"]],
    ["Open https://pay.example/x!", ["open https://pay.example/x"]],
    ["Dial *182*8*1*123*5000#", ["dial *182*8*1*123*5000"]],
    ["It is on pay.example/x/", ["open https://pay.example/x."]],
    ["*Good news*: 12,000 RWF and 1 250 000 RWF", []],
    ["*12000 RWF* or *13000 RWF*: *1* or *2*?", []],
    ["We open on 2026-11-22 10:30. Please come.", []],
    ["It is in Remera.We are open", []],
    ["It opens at 08:00-17:30 on 12/10/2026", []],
  ])("is none in what was given, or in sums: %s", (text, known) => {
    expect(madeUpDestination(text, known)).toBeUndefined();
  });
});
