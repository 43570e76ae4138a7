import type { IntentNote } from "../../conversation/state.js";

const ITEM_SLOTS = ["item", "product", "part", "query", "service"];
const AMOUNT_SLOTS = ["amount", "price", "budget"];

/** The thing that a person wants, in their words. Pure. */
export function itemOf({
  slots,
}: Pick<IntentNote, "slots">): string | undefined {
  for (const name of ITEM_SLOTS) {
    const value = slots[name];
    if (typeof value === "string" && value.trim() !== "")
      return value.trim().slice(0, 120);
  }
  return undefined;
}

/** How much is reserved for a wish: what the best offer costs, else what the person named; undefined when neither says. Pure. */
export function amountOf(
  intent: Pick<IntentNote, "slots" | "offers">,
  defaultCurrency: string,
): { amount: number; currency: string } | undefined {
  const best = intent.offers?.[0];
  if (best !== undefined && best.price > 0)
    return { amount: best.price, currency: best.currency };
  const { currency } = intent.slots;
  for (const name of AMOUNT_SLOTS) {
    const value = Number(intent.slots[name]);
    if (Number.isSafeInteger(value) && value > 0)
      return {
        amount: value,
        currency:
          typeof currency === "string" && /^[A-Z]{3}$/.test(currency)
            ? currency
            : defaultCurrency,
      };
  }
  return undefined;
}
