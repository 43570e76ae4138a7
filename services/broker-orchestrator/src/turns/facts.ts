import { minorDigits } from "@easymo/intent-rules";

/**
 * What is known of a person, as sentences: a model reads them as they are, the offline one reads the same sentences
 * back. Both directions are here, so that they agree.
 */

/** What a vendor asks for the thing; `price` is in the currency's minor unit. */
export interface OfferFact {
  readonly vendor: string;
  readonly price: number;
  readonly currency: string;
}

export type Fact =
  | {
      readonly kind: "offers";
      /** What the person was looking for. */
      readonly item?: string;
      /** Best first. */
      readonly offers: readonly OfferFact[];
    }
  | {
      readonly kind: "payment";
      /** In the currency's minor unit. */
      readonly amount: number;
      readonly currency: string;
      /** To dial. */
      readonly ussd?: string;
      readonly url?: string;
    }
  | {
      readonly kind: "call";
      /** RFC 3339. */
      readonly at: string;
      /** How it ended, in a word or a sentence. */
      readonly outcome: string;
    };

const MAX_OFFERS = 5;
const MAX_WORDS_CHARACTERS = 120;

const MONEY = String.raw`(\d+(?:\.\d+)?) ([A-Z]{3})`;
const OFFERS = /^Offers(?: for "([^"]*)")?, best first: (.+)\.$/;
const OFFER = new RegExp(`^(.+) at ${MONEY}$`);
const PAYMENT = new RegExp(
  `^A payment of ${MONEY} was asked for(?:: (dial|open) (\\S+))?\\.$`,
);
const CALL = /^The last call, at (\S+), ended: (.*)\.$/;

/** The sentence of a fact. Pure. */
export function factSentence(fact: Fact): string {
  switch (fact.kind) {
    case "offers": {
      const about = fact.item === undefined ? "" : ` for "${plain(fact.item)}"`;
      const offers = fact.offers
        .slice(0, MAX_OFFERS)
        .map(
          ({ vendor, price, currency }) =>
            `${plain(vendor)} at ${writtenMoney(price, currency)}`,
        );
      return offers.length === 0
        ? `No vendor was found${about}.`
        : `Offers${about}, best first: ${offers.join(" | ")}.`;
    }
    case "payment": {
      const { ussd, url } = fact;
      const how =
        ussd !== undefined
          ? `: dial ${ussd}`
          : url !== undefined
            ? `: open ${url}`
            : "";
      return `A payment of ${writtenMoney(fact.amount, fact.currency)} was asked for${how}.`;
    }
    case "call":
      return `The last call, at ${fact.at}, ended: ${plain(fact.outcome)}.`;
  }
}

/** The fact of a sentence that `factSentence` wrote; undefined for any other. Pure. */
export function readFact(sentence: string): Fact | undefined {
  return readOffers(sentence) ?? readPayment(sentence) ?? readCall(sentence);
}

/** The last fact of a kind; what is known last stands last. Pure. */
export function lastFact<K extends Fact["kind"]>(
  facts: readonly string[],
  kind: K,
): Extract<Fact, { kind: K }> | undefined {
  return facts
    .map(readFact)
    .findLast(
      (fact): fact is Extract<Fact, { kind: K }> => fact?.kind === kind,
    );
}

/** "12000 RWF", "49.50 EUR": an amount of the minor unit, as people and models read it. Pure. */
export function writtenMoney(amount: number, currency: string): string {
  const digits = minorDigits(currency);
  return `${(amount / 10 ** digits).toFixed(digits)} ${currency}`;
}

function readOffers(sentence: string): Fact | undefined {
  const [, item, list] = OFFERS.exec(sentence) ?? [];
  if (list === undefined) return undefined;
  const offers = list.split(" | ").flatMap((written): OfferFact[] => {
    const [, vendor, value, currency] = OFFER.exec(written) ?? [];
    return vendor === undefined || value === undefined || currency === undefined
      ? []
      : [{ vendor, price: minorOf(value, currency), currency }];
  });
  return { kind: "offers", offers, ...(item === undefined ? {} : { item }) };
}

function readPayment(sentence: string): Fact | undefined {
  const [, value, currency, verb, target] = PAYMENT.exec(sentence) ?? [];
  if (value === undefined || currency === undefined) return undefined;
  return {
    kind: "payment",
    amount: minorOf(value, currency),
    currency,
    ...(verb === "dial" && target !== undefined ? { ussd: target } : {}),
    ...(verb === "open" && target !== undefined ? { url: target } : {}),
  };
}

function readCall(sentence: string): Fact | undefined {
  const [, at, outcome] = CALL.exec(sentence) ?? [];
  return at === undefined || outcome === undefined
    ? undefined
    : { kind: "call", at, outcome };
}

function minorOf(value: string, currency: string): number {
  return Math.round(Number(value) * 10 ** minorDigits(currency));
}

/** Words of others inside a sentence of ours: one line, without what the sentence is parted by. */
function plain(words: string): string {
  return words
    .toWellFormed()
    .replace(/[\p{Cc}"|]/gu, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, MAX_WORDS_CHARACTERS)
    .trim();
}
