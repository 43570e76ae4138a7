import { describe, expect, test } from "@jest/globals";
import { readBack } from "./read-back.js";
import {
  paymentWording,
  spellCode,
  spokenAmount,
  writtenPayment,
} from "./wording.js";

const CODE = "*182*8*1*012345*5000#";
const LANGUAGES = ["en", "fr", "rw", "sw"] as const;

describe("the wording of a payment", () => {
  test.each(LANGUAGES)(
    "spells the code so that reading it back gives the code, in %s",
    (language) => {
      const spoken = paymentWording(
        {
          method: "momo_ussd",
          amount: 5000,
          currency: "RWF",
          ussd: CODE,
          instructions: "",
        },
        language,
      );
      expect(spoken).toContain(spellCode(CODE, language));
      expect(readBack(spoken)).toContain(CODE);
    },
  );

  test.each([
    ["en", "To pay 5,000 RWF, dial *182*8*1*012345*5000#"],
    ["fr", "Pour payer 5\u202f000 RWF, composez *182*8*1*012345*5000#"],
    ["sw", "Ili kulipa 5,000 RWF, piga *182*8*1*012345*5000#"],
  ] as const)(
    "says in writing what is paid and how, in %s",
    (language, text) => {
      const payment = {
        amount: 5_000,
        currency: "RWF",
        ussd: CODE,
        url: undefined,
        spoken: "",
      };
      expect(writtenPayment(payment, language)).toBe(text);
    },
  );

  test("of a link is the link, and of neither what is said", () => {
    const payment = {
      amount: 1_250,
      currency: "EUR",
      ussd: undefined,
      url: "https://pay.example/1",
      spoken: "Pay at the desk.",
    };
    expect(writtenPayment(payment, "en")).toBe(
      "To pay 12.50 EUR, open https://pay.example/1",
    );
    expect(writtenPayment({ ...payment, url: undefined }, "en")).toBe(
      "Pay at the desk.",
    );
  });

  test("names each digit and symbol on its own", () => {
    expect(spellCode("*10#", "en")).toBe("star, one, zero, hash");
    expect(spellCode("*10#", "fr")).toBe("étoile, un, zéro, dièse");
  });

  test("puts the minor unit back where the currency has one", () => {
    expect(spokenAmount(5000, "RWF", "en")).toBe("5,000 Rwandan francs");
    expect(spokenAmount(1250, "EUR", "en")).toBe("12.50 euros");
    expect(spokenAmount(1200, "EUR", "fr")).toBe("12 euros");
  });

  test("tells a link without reading it out", () => {
    const spoken = paymentWording(
      {
        method: "payment_link",
        amount: 1200,
        currency: "EUR",
        instructions: "",
      },
      "en",
    );
    expect(spoken).toContain("WhatsApp");
    expect(spoken).not.toMatch(/http/);
  });
});

describe("reading a code back from a transcript", () => {
  test.each([
    ["Dial *182*8*1*012345*5000#.", true],
    ["Star 1 8 2 star 8 star 1 star 0 1 2 3 4 5 star 5 0 0 0 pound", true],
    [
      "étoile un huit deux étoile huit étoile un étoile zéro un deux trois quatre cinq étoile cinq zéro zéro zéro dièse",
      true,
    ],
    ["Dial *182*8*1*012345*500#.", false],
    ["Star 1 8 2 star 8 star 1 star 0 1 2 3 5 4 star 5 0 0 0 hash", false],
    ["I have sent you the code.", false],
    [
      "star one eight two, well, star eight star one star 012345 star 5000 hash",
      false,
    ],
  ])("%s", (transcript, same) => {
    expect(readBack(transcript).includes(CODE)).toBe(same);
  });
});
