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

const CODE = /[*#][\d*#\s]{2,}[\d#]/g;
const LINK = /(?:https?:\/\/|www\.|\bwa\.me\/)[^\s<>"')\]]+/gi;
const PHONE = /\+?\d(?:[\s().-]{0,2}\d){8,14}/g;
/** The digits of a telephone number that are the same with and without the country's prefix. */
const PHONE_DIGITS = 9;

function destinationsIn(text: string): string[] {
  const links = [...text.matchAll(LINK)].map(([link]) =>
    link.replace(/[.,;:!?*_]+$/, "").toLowerCase(),
  );
  const withoutLinks = text.replace(LINK, " ");
  const codes = [...withoutLinks.matchAll(CODE)].map(([code]) =>
    code.replace(/\s/g, ""),
  );
  const phones = [...withoutLinks.replace(CODE, " ").matchAll(PHONE)].map(
    ([phone]) => `tel:${phone.replace(/\D/g, "").slice(-PHONE_DIGITS)}`,
  );
  return [...links, ...codes, ...phones];
}
