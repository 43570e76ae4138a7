import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { agentNamed, conversation, turnOf } from "../testing/turn-request.js";
import { decideTurn } from "./decide.js";
import { factSentence } from "./facts.js";
import { phrases } from "./phrases.js";

const offers = factSentence({
  kind: "offers",
  item: "brake pads",
  offers: [
    { vendor: "Chez Claude", price: 12_000, currency: "RWF" },
    { vendor: "Moto Plus", price: 12_500, currency: "RWF" },
  ],
});
const payment = factSentence({
  kind: "payment",
  amount: 12_000,
  currency: "RWF",
  ussd: "*182*8*1*123456*12000#",
});

/** A conversation in which the agent said this last. */
function after(said: string) {
  return { history: conversation("…", said) };
}

describe("without a model", () => {
  test.each([
    ["Hello", "en", "Muraho, you are writing with the spare parts desk."],
    ["Bonjour", "fr", phrases.greeting.fr()],
    ["Mwaramutse", "rw", phrases.greeting.rw()],
    ["Habari", "sw", phrases.greeting.sw()],
  ])("%s is answered in %s", (text, _language, answer) => {
    expect(decideTurn(turnOf(text))).toEqual({ kind: "say", text: answer });
  });

  test.each([
    ["I need brake pads in Remera", "en", "brake pads", "remera"],
    ["Je cherche un pneu à Huye", "fr", "pneu", "huye"],
    ["Nkeneye bateri mu Huye", "rw", "bateri", "huye"],
    ["Nahitaji betri katika Kigali", "sw", "betri", "kigali"],
  ] as const)(
    "%s is passed on, with what and where",
    (text, language, item, place) => {
      expect(decideTurn(turnOf(text))).toEqual({
        kind: "say",
        text: phrases.asking[language](item, place),
        intent: expect.objectContaining({
          name: "order",
          slots: { item, place },
        }),
      });
    },
  );

  test("what is missing is asked for, until it is known", () => {
    const first = decideTurn(turnOf("I need something"));
    expect(first).toMatchObject({ kind: "say" });
    const second = decideTurn(
      turnOf("brake pads", after(phrases.askItem.en())),
    );
    expect(second).toMatchObject({
      kind: "say",
      text: phrases.askPlace.en("brake pads"),
      // whatsapp-bot tells of the same wish: it is asked for now, whatever is answered.
      intent: { name: "order", slots: { item: "brake pads" } },
    });
    const third = decideTurn(
      turnOf("in Remera", after(phrases.askPlace.en("brake pads"))),
    );
    const asked = {
      text: phrases.asking.en("brake pads", "Remera"),
      intent: { name: "order", slots: { item: "brake pads", place: "Remera" } },
    };
    expect(third).toMatchObject(asked);
    // Offers that came in between are no reason to forget the question.
    const { history } = after(phrases.askPlace.en("brake pads"));
    const told = history.map((line) => ({ ...line, text: "We found: …" }));
    expect(
      decideTurn(
        turnOf("in Remera", { history: [...history, ...told.slice(1)] }),
      ),
    ).toMatchObject(asked);
  });

  test("a part alone answers the greeting, a farewell does not", () => {
    const greeted = after(agentNamed("sales").greeting);
    expect(decideTurn(turnOf("chain in Kicukiro", greeted))).toMatchObject({
      intent: { slots: { item: "chain", place: "kicukiro" } },
    });
    expect(decideTurn(turnOf("thank you", greeted))).toMatchObject({
      text: phrases.welcome.en(),
    });
  });

  test("offers that are known are told, and one of them can be chosen and paid for", () => {
    const facts = [offers];
    const told = decideTurn(turnOf("How much are the brake pads?", { facts }));
    expect(told).toMatchObject({
      text: expect.stringContaining("1. Chez Claude: 12,000 RWF"),
    });
    const chosen = decideTurn(turnOf("2", { facts }));
    expect(chosen).toMatchObject({
      text: phrases.chosen.en("Moto Plus", "12,500 RWF"),
    });
    for (const text of ["pay", "yes"])
      expect(
        decideTurn(
          turnOf(text, {
            facts,
            ...after(phrases.chosen.en("Moto Plus", "12,500 RWF")),
          }),
        ),
      ).toEqual({ kind: "pay", amount: 12_500 });
    expect(decideTurn(turnOf("I pay Chez Claude", { facts }))).toEqual({
      kind: "pay",
      amount: 12_000,
    });
  });

  test("another thing is not answered with the offers for the last one", () => {
    const other = decideTurn(
      turnOf("I need a battery in Huye", { facts: [offers] }),
    );
    expect(other).toMatchObject({
      text: phrases.asking.en("battery", "huye"),
    });
  });

  test.each([
    ["I want to pay 5,000 RWF", { kind: "pay", amount: 5_000 }],
    ["Ndashaka kwishyura ibihumbi bitanu", { kind: "pay", amount: 5_000 }],
    ["I want to pay", { kind: "say", text: phrases.askAmount.en() }],
    [
      "I want to pay 5000 or 6000",
      { kind: "say", text: phrases.askAmount.en() },
    ],
    ["I want to pay 20 dollars", { kind: "say", text: phrases.askAmount.en() }],
  ])("%s", (text, decision) => {
    expect(decideTurn(turnOf(text))).toEqual(decision);
  });

  test("the sum that was asked for may come alone", () => {
    const asked = after(phrases.askAmount.en());
    expect(decideTurn(turnOf("5k", asked))).toEqual({
      kind: "pay",
      amount: 5_000,
    });
  });

  test("an agent without the tool takes no money", () => {
    const agent = agentNamed("clerk");
    expect(decideTurn(turnOf("I pay 5000 RWF", { agent }))).toEqual({
      kind: "say",
      text: phrases.cannotTakePayment.en(),
    });
  });

  test("a code that was sent is sent again when asked for", () => {
    expect(
      decideTurn(turnOf("send me the momo code again", { facts: [payment] })),
    ).toEqual({
      kind: "say",
      text: phrases.dial.en("12,000 RWF", "*182*8*1*123456*12000#"),
    });
  });

  test("the last call is known", () => {
    const call = factSentence({
      kind: "call",
      at: "2026-01-01T10:00:00.000Z",
      outcome: "payment requested",
    });
    expect(
      decideTurn(turnOf("about our last call", { facts: [call] })),
    ).toMatchObject({ text: phrases.lastCall.en("payment requested") });
  });

  test("who wants a person or a call is told what is done about it", () => {
    expect(decideTurn(turnOf("Can I talk to someone?"))).toMatchObject({
      text: phrases.humanAt.en("+250788000009"),
      intent: { name: "human" },
    });
    expect(decideTurn(turnOf("please call me"))).toMatchObject({
      text: phrases.cannotCall.en(),
      intent: { name: "call" },
    });
    expect(
      decideTurn(turnOf("please call me", { contact: { userId: "RW.1" } })),
    ).toMatchObject({ text: phrases.askNumber.en() });
  });

  test("anything else is not understood, in the language that is known of them", () => {
    expect(
      decideTurn(turnOf("xyzzy", { contact: { language: "rw-RW" } })),
    ).toEqual({ kind: "say", text: phrases.unknown.rw() });
  });

  test("any words of anyone have an answer, and money is only for a sum in them", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        const decision = decideTurn(turnOf(text, { facts: [offers, payment] }));
        if (decision.kind === "say") expect(decision.text).not.toBe("");
        else expect(decision.amount).toBeGreaterThan(0);
      }),
    );
  });
});
