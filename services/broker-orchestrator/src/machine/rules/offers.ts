import type { IntentNote } from "../../conversation/state.js";

const ITEM_SLOTS = ["item", "product", "part", "query", "service"];
const PLACE_SLOTS = ["place", "area", "location"];
const AMOUNT_SLOTS = ["amount", "price", "budget"];

/** The thing that a person wants, in their words. Pure. */
export function itemOf({
  slots,
}: Pick<IntentNote, "slots">): string | undefined {
  return textOf(slots, ITEM_SLOTS)?.slice(0, 120);
}

/** Whether a wish says where, what an earlier one for the same thing left open: they are one wish. Pure. */
export function completes(
  intent: Pick<IntentNote, "slots">,
  earlier: Pick<IntentNote, "slots">,
): boolean {
  const [item, before] = [itemOf(intent), itemOf(earlier)];
  return (
    item !== undefined &&
    before !== undefined &&
    item.localeCompare(before, undefined, { sensitivity: "base" }) === 0 &&
    textOf(intent.slots, PLACE_SLOTS) !== undefined &&
    textOf(earlier.slots, PLACE_SLOTS) === undefined
  );
}

function textOf(
  slots: IntentNote["slots"],
  names: readonly string[],
): string | undefined {
  for (const name of names) {
    const value = slots[name];
    if (typeof value === "string" && value.trim() !== "") return value.trim();
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
