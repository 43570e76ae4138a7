import { amountsIn } from "@easymo/intent-rules";
import { readFact } from "./facts.js";
import type { TurnRequest } from "./turn-model.js";

/** What rules decide about money, whatever a model says. */

/**
 * The amounts that a payment may be asked for, in the minor unit of the agent's currency: those that the person wrote or
 * said, those that vendors offered, those that were asked for before. Pure.
 */
export function allowedAmounts(turn: TurnRequest): ReadonlySet<number> {
  const { currency } = turn.agent.payment;
  const said = [
    turn.text,
    ...turn.history
      .filter(({ role }) => role === "user")
      .map(({ text }) => text),
  ];
  const known = turn.facts.flatMap((sentence) => {
    const fact = readFact(sentence);
    switch (fact?.kind) {
      case "offers":
        return fact.offers
          .filter((offer) => offer.currency === currency)
          .map(({ price }) => price);
      case "payment":
        return fact.currency === currency ? [fact.amount] : [];
      case "call":
      case undefined:
        return [];
    }
  });
  return new Set([
    ...said.flatMap((text) => amountsIn(text, currency)),
    ...known,
  ]);
}

/**
 * The first place in a text to which money could go, and that nobody of ours gave: a code to dial, a link, a telephone
 * number. A model that makes one up must not be heard. Pure.
 */
export function madeUpDestination(
  text: string,
  known: readonly string[],
): string | undefined {
  const given = new Set(known.flatMap(destinationsIn));
  return destinationsIn(text).find((destination) => !given.has(destination));
}

/** `*182*8*1*…#`: two parts at least, or one and the end; a sum that is printed bold has neither. */
const CODE = /[*#]\s?\d+(?:\s?[*#]\s?\d+)+\s?#?|[*#]\d+#/g;
/** With a scheme or a path, or with an ending that is hardly ever that of a sentence. */
const LINK =
  /(?:https?:\/\/|www\.)[^\s<>"')\]]+|(?<![\w@])(?:[\w-]+\.)+(?:[a-z]{2,}\/[^\s<>"')\]]*|(?:com|net|org|io|me|co|rw|ke|ug|tz|mt|eu|app|link|info|biz|xyz|site|shop|online|example)\b)/gi;
const DATE = /\b\d{4}-\d{2}-\d{2}\b/g;
const PHONE = /\+?\d(?:[\s().-]{0,2}\d){8,14}/g;
/** The digits of a telephone number that are the same with and without the country's prefix. */
const PHONE_DIGITS = 9;

function destinationsIn(text: string): string[] {
  const links = [...text.matchAll(LINK)].map(([link]) =>
    link.replace(/^https?:\/\/|[.,;:!?*_/]+$/gi, "").toLowerCase(),
  );
  const withoutLinks = text.replace(LINK, " ");
  const codes = [...withoutLinks.matchAll(CODE)].map(([code]) =>
    code.replace(/\s|#\s?$/g, ""),
  );
  const rest = withoutLinks.replace(CODE, " ").replace(DATE, " ");
  const phones = [...rest.matchAll(PHONE)].map(
    ([phone]) => `tel:${phone.replace(/\D/g, "").slice(-PHONE_DIGITS)}`,
  );
  return [...links, ...codes, ...phones];
}
