import { writtenAmount } from "../payments/currencies.js";
import type { Vendor, VendorItem } from "../vendors/vendor.js";
import type { Candidate } from "./candidate.js";
import type { Wish } from "./wish.js";
import { sameWord, tellingWords } from "./words.js";

/** What each part counts for; together 1. docs/ranking.md explains them. */
export const weights = {
  match: 0.4,
  price: 0.25,
  area: 0.15,
  rating: 0.12,
  response: 0.08,
} as const;

// Who has not been rated is taken for middling, who was never timed for slow.
const unknownRating = 3;
const unknownResponse = 0.25;
const unknownPlace = 0.5;
const overBudget = 0.5;
const halfMarkSeconds = 600;

interface Part {
  /** From 0 to 1. */
  readonly value: number;
  readonly reason: string;
}

interface Offer {
  readonly vendor: Vendor;
  readonly item: VendorItem;
  readonly match: Part;
}

/**
 * Who could sell what is wanted, the best first: each vendor with the item of its catalogue that fits best. Equal scores
 * stand by price, then by vendorId, so the same question always has the same answer. Pure.
 */
export function rank(
  wish: Wish,
  vendors: readonly Vendor[],
  limit: number,
): Candidate[] {
  const offers = vendors.flatMap((vendor) => offerOf(vendor, wish));
  const lowest = lowestPrices(offers);
  return offers
    .map((offer) => candidateOf(offer, wish, offers, lowest))
    .sort(
      (a, b) =>
        b.score - a.score ||
        a.price - b.price ||
        (a.vendorId < b.vendorId ? -1 : 1),
    )
    .slice(0, limit);
}

function candidateOf(
  { vendor, item, match }: Offer,
  wish: Wish,
  offers: readonly Offer[],
  lowest: ReadonlyMap<string, number>,
): Candidate {
  const others = offers.filter(
    (one) => one.item.currency === item.currency,
  ).length;
  const parts = {
    match,
    price: pricePart(
      item,
      wish,
      lowest.get(item.currency) ?? item.price,
      others,
    ),
    area: areaPart(vendor, wish),
    rating: ratingPart(vendor),
    response: responsePart(vendor),
  };
  const score = (["match", "price", "area", "rating", "response"] as const)
    .map((name) => weights[name] * parts[name].value)
    .reduce((sum, value) => sum + value, 0);
  return {
    vendorId: vendor.vendorId,
    name: vendor.name,
    // Rounded, so that a tie is a tie however the sum was made.
    score: Math.round(score * 10_000) / 10_000,
    price: item.price,
    currency: item.currency,
    reasons: Object.values(parts).map(({ reason }) => reason),
    item: item.name,
    area: vendor.area,
  };
}

/** The item that has most of the wanted words, the cheapest of those; nobody who has none of them is asked. */
function offerOf(vendor: Vendor, wish: Wish): Offer[] {
  const wanted = tellingWords(wish.item ?? "");
  const offers = vendor.items
    .filter(
      ({ currency }) =>
        wish.currency === undefined || currency === wish.currency,
    )
    .map((item): Offer => ({
      vendor,
      item,
      match: matchPart(item, wish, wanted),
    }))
    .filter(({ match }) => wanted.length === 0 || match.value > 0)
    .sort(
      (a, b) =>
        b.match.value - a.match.value ||
        a.item.price - b.item.price ||
        (a.item.name < b.item.name ? -1 : 1),
    );
  return offers.slice(0, 1);
}

function matchPart(
  item: VendorItem,
  wish: Wish,
  wanted: readonly string[],
): Part {
  if (wanted.length === 0)
    return {
      value: 0,
      reason: `Nothing in particular is wanted; "${item.name}" is their least expensive item`,
    };
  const offered = tellingWords(item.name);
  const found = wanted.filter((word) =>
    offered.some((one) => sameWord(word, one)),
  );
  return {
    value: found.length / wanted.length,
    reason:
      found.length === wanted.length
        ? `Has "${item.name}", all that "${wish.item ?? ""}" asks for`
        : `Has "${item.name}", which is ${found.length} of the ${wanted.length} words of "${wish.item ?? ""}"`,
  };
}

function pricePart(
  item: VendorItem,
  { budget }: Wish,
  lowest: number,
  offers: number,
): Part {
  const price = writtenAmount(item.price, item.currency);
  const value = lowest / item.price;
  const above = Math.round((item.price / lowest - 1) * 100);
  const compared =
    item.price === lowest
      ? offers === 1
        ? "the only offer"
        : `the lowest of ${offers} offers`
      : `${above < 1 ? "less than 1" : above} % above the lowest`;
  if (budget === undefined)
    return { value, reason: `Costs ${price}, ${compared}` };
  const wanted = writtenAmount(budget, item.currency);
  return item.price <= budget
    ? { value, reason: `Costs ${price}, within ${wanted}, ${compared}` }
    : {
        value: value * overBudget,
        reason: `Costs ${price}, more than ${wanted}, ${compared}`,
      };
}

function areaPart({ area }: Vendor, { place }: Wish): Part {
  const wanted = tellingWords(place ?? "");
  if (place === undefined || wanted.length === 0)
    return { value: unknownPlace, reason: `Is in ${area}` };
  const there = tellingWords(area);
  const near = wanted.some((word) => there.some((one) => sameWord(word, one)));
  return near
    ? { value: 1, reason: `Is in ${area}, where it is wanted` }
    : { value: 0, reason: `Is in ${area}, not in ${place}` };
}

function ratingPart({ rating }: Vendor): Part {
  return rating === null
    ? { value: unknownRating / 5, reason: "Has not been rated yet" }
    : { value: rating / 5, reason: `Is rated ${rating} of 5` };
}

function responsePart({ responseSeconds: seconds }: Vendor): Part {
  if (seconds === null)
    return {
      value: unknownResponse,
      reason: "How fast they answer is not known",
    };
  const time =
    seconds < 120
      ? `${seconds} seconds`
      : `${Math.round(seconds / 60)} minutes`;
  return {
    value: halfMarkSeconds / (halfMarkSeconds + seconds),
    reason: `Usually answers in ${time}`,
  };
}

/** Prices in different currencies are not compared. */
function lowestPrices(offers: readonly Offer[]): ReadonlyMap<string, number> {
  const lowest = new Map<string, number>();
  for (const { item } of offers)
    lowest.set(
      item.currency,
      Math.min(lowest.get(item.currency) ?? item.price, item.price),
    );
  return lowest;
}
