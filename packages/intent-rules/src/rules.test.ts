import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { intentByRules, languageOfText } from "./rules.js";

describe("an intent by rules", () => {
  test.each([
    ["I want to pay 5,000 RWF", "pay", "en", { amount: 5_000 }],
    ["How much is a brake pad?", "price", "en", { item: "brake pad" }],
    [
      "I need a chain for my moto in Kigali",
      "order",
      "en",
      { item: "chain moto", place: "kigali" },
    ],
    ["Can I talk to someone?", "human", "en", {}],
    ["help", "help", "en", {}],
    ["Je voudrais payer 12 000 francs", "pay", "fr", { amount: 12_000 }],
    ["Combien coûte une batterie ?", "price", "fr", {}],
    ["Je cherche un pneu", "order", "fr", { item: "pneu" }],
    ["Aidez-moi", "help", "fr", {}],
    ["Ndashaka kwishyura amafaranga 3000", "pay", "rw", { amount: 3_000 }],
    ["Ipine ni angahe?", "price", "rw", { item: "ipine" }],
    ["Nkeneye bateri mu Huye", "order", "rw", { place: "huye" }],
    ["Mumfashe", "help", "rw", {}],
    ["Nataka kulipa 2500 shilingi", "pay", "sw", { amount: 2_500 }],
    ["Betri ni bei gani?", "price", "sw", { item: "betri" }],
    ["Naomba betri", "order", "sw", { item: "betri" }],
    ["Nataka kuongea na mtu", "human", "sw", {}],
    ["Please call me", "call", "en", {}],
    ["Pouvez-vous m'appeler ?", "call", "fr", {}],
    ["Mumpamagare", "call", "rw", {}],
    ["Nipigie simu", "call", "sw", {}],
  ] as const)("%s", (text, name, language, slots) => {
    const intent = intentByRules(text);
    expect(intent).toMatchObject({ name, language, slots });
    expect(intent?.confidence).toBeGreaterThan(0.5);
  });

  test.each(["", "👍", "Muraho", "Good morning", "see you tomorrow"])(
    "is not in %j",
    (text) => {
      expect(intentByRules(text)).toBeUndefined();
    },
  );

  test.each([
    "why did you call me",
    "do not call me today",
    "Arrêtez de m'appeler",
    "usinipigie",
    "ntumpamagare",
  ])("is no wish to be called in %j", (text) => {
    expect(intentByRules(text)?.name).not.toBe("call");
  });

  test("comes of any text, or not, within its bounds", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const intent = intentByRules(`${text} how much ${text}`);
        if (intent === undefined) return;
        expect(intent.confidence).toBeGreaterThanOrEqual(0);
        expect(intent.confidence).toBeLessThanOrEqual(1);
        expect(intent.slots.amount ?? 0).toBeLessThan(1e9);
      }),
    );
  });
});

test.each([
  ["Bonjour, vous avez une minute ?", "fr"],
  ["Muraho, amakuru?", "rw"],
  ["Habari, asante sana", "sw"],
  ["hello, where is the shop", "en"],
  ["12345", undefined],
] as const)("the language of %j is %s", (text, language) => {
  expect(languageOfText(text)).toBe(language);
});
