import { isCurrency } from "../payments/currencies.js";

/** What a person wants, as far as their intent's slots tell. */
export interface Wish {
  readonly item: string | undefined;
  readonly place: string | undefined;
  /** What they would pay at most, in the currency's minor unit. */
  readonly budget: number | undefined;
  readonly currency: string | undefined;
}

// Those who understand people name things in their own ways.
const itemSlots = ["item", "part", "product", "query"];
const placeSlots = ["place", "area", "location"];
const budgetSlots = ["amount", "budget", "price", "maxPrice"];

/** Reads the slots; what makes no sense is as if it had not been said. Pure. */
export function wishOf(slots: Readonly<Record<string, unknown>>): Wish {
  const texts = (names: readonly string[]): string | undefined =>
    names
      .map((name) => slots[name])
      .find(
        (value): value is string =>
          typeof value === "string" && value.trim() !== "",
      )
      ?.trim();
  const { currency } = slots;
  return {
    item: texts(itemSlots),
    place: texts(placeSlots),
    budget: budgetSlots.map((name) => wholeNumber(slots[name])).find(Boolean),
    currency:
      typeof currency === "string" && isCurrency(currency)
        ? currency
        : undefined,
  };
}

/** 5000, "5000" and "5,000" are the same; anything else is no amount. */
function wholeNumber(value: unknown): number | undefined {
  const digits =
    typeof value === "string" ? value.replaceAll(/[ ,]/g, "") : value;
  const number =
    typeof digits === "string" && /^\d{1,15}$/.test(digits)
      ? Number(digits)
      : digits;
  return typeof number === "number" &&
    Number.isSafeInteger(number) &&
    number > 0
    ? number
    : undefined;
}
