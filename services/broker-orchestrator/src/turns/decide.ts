import {
  amountsIn,
  intentByRules,
  type Intent,
  type IntentLanguage,
  type Slots,
} from "@easymo/intent-rules";
import { lastFact, type OfferFact } from "./facts.js";
import { languageOfTurn } from "./language.js";
import { paymentWords } from "./payment.js";
import { phrases, spokenMoney } from "./phrases.js";
import {
  asksAgain,
  isGreeting,
  isThanks,
  isYes,
  speaksOfCall,
  wordsOf,
} from "./small-talk.js";
import type { TurnAnswer, TurnRequest } from "./turn-model.js";

/** What follows from a turn without a model. */
export type Decision =
  | {
      readonly kind: "say";
      readonly text: string;
      readonly intent?: NonNullable<TurnAnswer["intent"]>;
    }
  /** A payment is to be issued; the amount is in the minor unit. */
  | { readonly kind: "pay"; readonly amount: number };

const MAX_ANSWER_WORDS = 8;
const BARE_CONFIDENCE = 0.6;

interface Situation {
  readonly turn: TurnRequest;
  readonly language: IntentLanguage;
  readonly intent: Intent | undefined;
  readonly asked: Question | undefined;
  /** What the agent said last. */
  readonly lastSaid: string;
  readonly offers: readonly OfferFact[];
  readonly offered: string | undefined;
}

/** What the agent asked last. */
type Question =
  | { readonly about: "item" | "amount" }
  | { readonly about: "place"; readonly item: string };

/** Answers a turn by rules alone: from the words, what was asked before, and what is known. Pure. */
export function decideTurn(turn: TurnRequest): Decision {
  const language = languageOfTurn(turn);
  const lastSaid =
    turn.history.findLast(({ role }) => role === "assistant")?.text ?? "";
  const known = lastFact(turn.facts, "offers");
  const situation: Situation = {
    turn,
    language,
    lastSaid,
    intent: intentByRules(turn.text),
    asked: askedIn(turn),
    offers: known?.offers ?? [],
    offered: known?.item,
  };
  return (
    choice(situation) ?? wish(situation) ?? reply(situation) ?? chat(situation)
  );
}

/** One of the offers, by its number or its vendor's name. */
function choice(situation: Situation): Decision | undefined {
  const { turn, offers, intent, language } = situation;
  const number = /^\s*#?([1-5])\s*[.)]?\s*$/.exec(turn.text)?.[1];
  const said = new Set(wordsOf(turn.text));
  const chosen =
    number === undefined
      ? offers.find(({ vendor }) => {
          const name = wordsOf(vendor);
          return name.length > 0 && name.every((word) => said.has(word));
        })
      : offers[Number(number) - 1];
  if (chosen === undefined) return undefined;
  const { vendor, price, currency } = chosen;
  if (intent?.name === "pay" && currency === turn.agent.payment.currency)
    return pay(situation, price);
  const spoken = spokenMoney(price, currency, language);
  return say(phrases.chosen[language](vendor, spoken));
}

function wish(situation: Situation): Decision | undefined {
  const { intent, language, turn } = situation;
  switch (intent?.name) {
    case undefined:
      return undefined;
    case "human": {
      const { transfer } = turn.agent;
      const words =
        transfer === undefined
          ? phrases.human[language]()
          : phrases.humanAt[language](transfer.to);
      return say(words, intent);
    }
    case "call":
      // Where calls can be made and the number is known, it is made without asking here.
      return say(
        turn.contact.phone === undefined
          ? phrases.askNumber[language]()
          : phrases.cannotCall[language](),
        intent,
      );
    case "pay":
      return payWish(situation);
    case "price":
    case "order":
      return itemWish(situation, intent, intent.slots);
    case "help":
      return say(phrases.help[language](), intent);
  }
}

function payWish(situation: Situation): Decision {
  const { turn, language } = situation;
  const { currency } = turn.agent.payment;
  const [amount, ...others] = amountsIn(turn.text, currency);
  if (amount !== undefined && others.length === 0)
    return pay(situation, amount);
  const again = amount === undefined ? codeAgain(situation) : undefined;
  if (again !== undefined) return again;
  const proposed = proposedPrice(situation);
  return amount === undefined && proposed !== undefined
    ? pay(situation, proposed)
    : say(phrases.askAmount[language]());
}

/** The price of the one offer that the agent spoke of last. */
function proposedPrice({ lastSaid, offers, turn }: Situation) {
  const { currency } = turn.agent.payment;
  const prices = amountsIn(lastSaid, currency).filter((amount) =>
    offers.some(
      (offer) => offer.price === amount && offer.currency === currency,
    ),
  );
  return prices.length === 1 ? prices[0] : undefined;
}

function codeAgain({ turn, language }: Situation): Decision | undefined {
  const payment = lastFact(turn.facts, "payment");
  return payment !== undefined && asksAgain(turn.text)
    ? say(paymentWords(payment, language))
    : undefined;
}

/** Someone needs a thing: what is known of it is told, what is missing is asked for. */
function itemWish(
  situation: Situation,
  intent: Pick<Intent, "name" | "confidence">,
  slots: Slots,
): Decision {
  const { language, offers, offered } = situation;
  const { item, place } = slots;
  const isOffered =
    offers.length > 0 &&
    (item === undefined || offered === undefined || isSame(item, offered));
  if (isOffered && (intent.name === "price" || place === undefined))
    return say(phrases.offers[language](listed(situation)));
  if (item === undefined) return say(phrases.askItem[language]());
  const words =
    place === undefined
      ? phrases.askPlace[language](item)
      : phrases.asking[language](item, place);
  return say(words, { ...intent, slots });
}

function listed({ offers, language }: Situation): string {
  return offers
    .map(
      ({ vendor, price, currency }, at) =>
        `${at + 1}. ${vendor}: ${spokenMoney(price, currency, language)}`,
    )
    .join("\n");
}

/** An answer to what the agent asked. */
function reply(situation: Situation): Decision | undefined {
  const { asked, turn, language } = situation;
  if (isGreeting(turn.text) || isThanks(turn.text)) return undefined;
  const proposed = isYes(turn.text) ? proposedPrice(situation) : undefined;
  if (proposed !== undefined) return pay(situation, proposed);
  const again = codeAgain(situation);
  if (again !== undefined) return again;
  const said = turn.text.trim();
  if (asked?.about === "amount") {
    const [amount, ...others] = amountsIn(said, turn.agent.payment.currency);
    return amount !== undefined && others.length === 0
      ? pay(situation, amount)
      : say(phrases.askAmount[language]());
  }
  if (asked === undefined || wordsOf(said).length > MAX_ANSWER_WORDS)
    return undefined;
  const order = { name: "order", confidence: BARE_CONFIDENCE } as const;
  if (asked.about === "place") {
    const place = placeIn(said);
    return itemWish(situation, order, { item: asked.item, place });
  }
  // "brake pads in Remera" is read as if it began with a wish.
  const slots = intentByRules(`${WISH[language]} ${said}`)?.slots ?? {};
  return slots.item === undefined
    ? undefined
    : itemWish(situation, order, slots);
}

const WISH: Readonly<Record<IntentLanguage, string>> = {
  en: "i need",
  fr: "je cherche",
  rw: "nkeneye",
  sw: "nahitaji",
};

/** "in Remera", "Remera". */
function placeIn(said: string): string {
  const place = said
    .replace(/^(?:in|at|near|à|au|dans|mu|i|ku|kuri|katika|huko)\s+/i, "")
    .replace(/[.!?]+$/, "")
    .trim();
  return place === "" ? said : place;
}

function chat({ turn, language }: Situation): Decision {
  if (speaksOfCall(turn.text)) {
    const call = lastFact(turn.facts, "call");
    if (call !== undefined)
      return say(phrases.lastCall[language](call.outcome));
  }
  if (isThanks(turn.text)) return say(phrases.welcome[language]());
  if (!isGreeting(turn.text)) return say(phrases.unknown[language]());
  const [first] = turn.agent.languages;
  return say(
    first?.split("-", 1)[0] === language
      ? turn.agent.greeting
      : phrases.greeting[language](),
  );
}

function pay({ turn, language }: Situation, amount: number): Decision {
  return turn.agent.tools.includes("collect_payment")
    ? { kind: "pay", amount }
    : say(phrases.cannotTakePayment[language]());
}

function say(
  text: string,
  intent?: Pick<Intent, "name" | "confidence"> & { readonly slots: Slots },
): Decision {
  if (intent === undefined) return { kind: "say", text };
  const { name, confidence, slots } = intent;
  return {
    kind: "say",
    text,
    intent: { name, confidence, slots: { ...slots } },
  };
}

const MARK = "\u0000";

/** What the agent asked since the person wrote last: offers, or what a call came to, may have been told after it. */
function askedIn(turn: TurnRequest): Question | undefined {
  const { history } = turn;
  const before = history.findLastIndex(({ role }) => role === "user");
  return history
    .slice(before + 1)
    .map(({ text }) => questionIn(text, turn))
    .findLast((question) => question !== undefined);
}

/** What the agent's words asked, when they are words of ours (or its greeting). */
function questionIn(said: string, turn: TurnRequest): Question | undefined {
  if (said === "") return undefined;
  const is = (phrase: Readonly<Record<IntentLanguage, () => string>>) =>
    Object.values(phrase).some((words) => words() === said);
  if (said === turn.agent.greeting) return { about: "item" };
  if (is(phrases.greeting) || is(phrases.askItem) || is(phrases.unknown))
    return { about: "item" };
  if (is(phrases.askAmount)) return { about: "amount" };
  for (const words of Object.values(phrases.askPlace)) {
    const [, suffix = MARK] = words(MARK).split(MARK);
    if (said.endsWith(suffix))
      return { about: "place", item: said.slice(0, -suffix.length) };
  }
  return undefined;
}

/** Whether two names of things have a word of some length in common. */
function isSame(one: string, other: string): boolean {
  const words = new Set(wordsOf(other).filter((word) => word.length > 3));
  return words.size === 0 || wordsOf(one).some((word) => words.has(word));
}
