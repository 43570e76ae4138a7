import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isCurrency, writtenAmount } from "./currencies.js";
import { decidePayment } from "./decide.js";

const means = {
  merchant: "000000",
  paymentLinkBaseUrl: "https://pay.example/p/",
};
const request = {
  paymentId: "9d1c",
  region: "rw",
  amount: 5_000,
  currency: "RWF",
  merchant: "123456",
};

describe("a payment", () => {
  test("in Rwanda is a MoMo code with the merchant and the whole francs", () => {
    expect(decidePayment(request, means)).toEqual({
      way: {
        method: "momo_ussd",
        ussd: "*182*8*1*123456*5000#",
        merchant: "123456",
        instructions:
          "Dial *182*8*1*123456*5000# and confirm with your MoMo PIN to pay 5,000 RWF.",
      },
    });
  });

  test("in Rwanda goes to the tenant's own merchant when none is named, whatever the amount", () => {
    const unnamed = { ...request, merchant: undefined };
    expect(
      decidePayment(unnamed, { ...means, merchant: "777777" }),
    ).toMatchObject({ way: { ussd: "*182*8*1*777777*5000#" } });
  });

  test("in Rwanda is in francs alone", () => {
    expect(decidePayment({ ...request, currency: "USD" }, means)).toMatchObject(
      { obstacle: { code: "currency_not_supported", field: "currency" } },
    );
  });

  test("in Malta is a link to it", () => {
    const malta = { ...request, region: "mt", amount: 1_250, currency: "EUR" };
    expect(decidePayment(malta, means)).toEqual({
      way: {
        method: "payment_link",
        url: "https://pay.example/p/9d1c",
        instructions: "Open https://pay.example/p/9d1c to pay 12.50 EUR.",
      },
    });
  });

  test("anywhere else is arranged by hand", () => {
    expect(
      decidePayment({ ...request, region: "ke", currency: "KES" }, means),
    ).toEqual({
      way: {
        method: "manual",
        instructions:
          "Someone from the team will get in touch to arrange the payment of 50.00 KES.",
      },
    });
  });

  test("never loses or adds a digit of the amount", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        (amount) => {
          const decision = decidePayment({ ...request, amount }, means);
          expect(decision).toMatchObject({
            way: { ussd: `*182*8*1*123456*${amount}#` },
          });
          for (const currency of ["RWF", "EUR", "KWD"])
            expect(
              Number(writtenAmount(amount, currency).replace(/\D/g, "")),
            ).toBe(amount);
        },
      ),
    );
  });
});

test.each([
  [5_000, "RWF", "5,000 RWF"],
  [1, "EUR", "0.01 EUR"],
  [1_234_567_890, "USD", "12,345,678.90 USD"],
  [1_500, "KWD", "1.500 KWD"],
  [999, "JPY", "999 JPY"],
])("%d of %s's minor units are written %s", (amount, currency, written) => {
  expect(writtenAmount(amount, currency)).toBe(written);
});

test.each([
  ["RWF", true],
  ["EUR", true],
  ["XAU", false],
  ["DEM", false],
  ["rwf", false],
  ["constructor", false],
])("%s is a currency in use: %s", (code, is) => {
  expect(isCurrency(code)).toBe(is);
});
