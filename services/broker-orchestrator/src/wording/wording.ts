import { languageOfText, minorDigits } from "@easymo/intent-rules";
import type {
  Conversation,
  OfferNote,
  PaymentNote,
} from "../conversation/state.js";
import { paymentWords } from "../turns/payment.js";

/** What people are told in our own words, in the four languages of the platform. */
interface Phrases {
  offers(item: string | undefined): string;
  noOffers(item: string | undefined): string;
  choose: string;
  missedInbound: string;
  missedOutbound: string;
  dropped: string;
  summary: string;
  askedFor(item: string): string;
  calling: string;
  cannotCall: string;
}

const phrases = {
  en: {
    offers: (item) =>
      item === undefined ? "This is what we found:" : `For "${item}" we found:`,
    noOffers: (item) =>
      item === undefined
        ? "We found nobody who has it right now. We go on looking."
        : `We found nobody who has "${item}" right now. We go on looking.`,
    choose: "Answer with the number of the one that you want.",
    missedInbound:
      "We missed your call. Write to us here and we will help you, or say when we may call you.",
    missedOutbound:
      "We tried to call you. Write to us here, or say when we may call again.",
    dropped:
      "Our call was cut off. Write to us here and we will go on, or ask us to call you.",
    summary: "Thank you for calling.",
    askedFor: (item) => `You asked for: ${item}.`,
    calling: "We are calling you now.",
    cannotCall: "We cannot call you right now. Write to us here instead.",
  },
  fr: {
    offers: (item) =>
      item === undefined
        ? "Voici ce que nous avons trouvé :"
        : `Pour « ${item} », nous avons trouvé :`,
    noOffers: (item) =>
      item === undefined
        ? "Personne ne l'a pour le moment. Nous continuons à chercher."
        : `Personne n'a « ${item} » pour le moment. Nous continuons à chercher.`,
    choose: "Répondez avec le numéro de votre choix.",
    missedInbound:
      "Nous avons manqué votre appel. Écrivez-nous ici, ou dites-nous quand vous appeler.",
    missedOutbound:
      "Nous avons essayé de vous appeler. Écrivez-nous ici, ou dites-nous quand rappeler.",
    dropped:
      "Notre appel a été coupé. Écrivez-nous ici pour continuer, ou demandez que l'on vous appelle.",
    summary: "Merci de votre appel.",
    askedFor: (item) => `Vous avez demandé : ${item}.`,
    calling: "Nous vous appelons maintenant.",
    cannotCall:
      "Nous ne pouvons pas vous appeler pour le moment. Écrivez-nous ici.",
  },
  rw: {
    offers: (item) =>
      item === undefined ? "Dore ibyo twabonye:" : `Kuri "${item}" twabonye:`,
    noOffers: (item) =>
      item === undefined
        ? "Nta muntu twabonye ubifite ubu. Turakomeza gushaka."
        : `Nta muntu twabonye ufite "${item}" ubu. Turakomeza gushaka.`,
    choose: "Subiza umubare w'icyo ushaka.",
    missedInbound:
      "Ntitwabashije kwitaba telefone yawe. Twandikire hano tugufashe, cyangwa utubwire igihe twaguhamagara.",
    missedOutbound:
      "Twagerageje kuguhamagara. Twandikire hano, cyangwa utubwire igihe twongera guhamagara.",
    dropped:
      "Telefone yacitse. Twandikire hano dukomeze, cyangwa usabe ko tuguhamagara.",
    summary: "Murakoze guhamagara.",
    askedFor: (item) => `Wasabye: ${item}.`,
    calling: "Tugiye kuguhamagara nonaha.",
    cannotCall: "Ntidushobora kuguhamagara ubu. Twandikire hano.",
  },
  sw: {
    offers: (item) =>
      item === undefined
        ? "Hivi ndivyo tulivyopata:"
        : `Kwa "${item}" tumepata:`,
    noOffers: (item) =>
      item === undefined
        ? "Hatujapata mwenye nacho kwa sasa. Tunaendelea kutafuta."
        : `Hatujapata mwenye "${item}" kwa sasa. Tunaendelea kutafuta.`,
    choose: "Jibu kwa namba ya unachotaka.",
    missedInbound:
      "Hatukupokea simu yako. Tuandikie hapa tukusaidie, au tuambie lini tukupigie.",
    missedOutbound:
      "Tulijaribu kukupigia. Tuandikie hapa, au tuambie lini tupige tena.",
    dropped:
      "Simu yetu ilikatika. Tuandikie hapa tuendelee, au omba tukupigie.",
    summary: "Asante kwa kupiga simu.",
    askedFor: (item) => `Uliomba: ${item}.`,
    calling: "Tunakupigia sasa.",
    cannotCall: "Hatuwezi kukupigia sasa. Tuandikie hapa.",
  },
} satisfies Record<string, Phrases>;

type Language = keyof typeof phrases;

const MAX_OFFERS = 5;

/** The language that a person is told things in. Pure. */
export function languageOf(
  { language, lines }: Conversation,
  agentLanguages: readonly string[] = [],
): Language {
  const said = lines.findLast(({ role }) => role === "user");
  const written = said === undefined ? undefined : languageOfText(said.text);
  for (const tag of [language, written, ...agentLanguages]) {
    const primary = tag?.toLowerCase().split(/[-_]/, 1)[0] ?? "";
    if (isLanguage(primary)) return primary;
  }
  return "en";
}

/** What was found for a person, best first. Pure. */
export function offersText(
  language: Language,
  item: string | undefined,
  offers: readonly OfferNote[],
): string {
  const words: Phrases = phrases[language];
  if (offers.length === 0) return words.noOffers(item);
  const rows = offers.slice(0, MAX_OFFERS).map(
    ({ name, price, currency }, at) =>
      // Of a price that nobody told, nothing is said.
      `${at + 1}. ${name}${price > 0 ? `: ${money(price, currency)}` : ""}`,
  );
  return [words.offers(item), ...rows, words.choose].join("\n");
}

/** What a call came to; of payments those whose code the person does not have in writing. Pure. */
export function summaryText(
  language: Language,
  items: readonly string[],
  payments: readonly PaymentNote[],
): string {
  const words: Phrases = phrases[language];
  return [
    words.summary,
    ...(items.length === 0 ? [] : [words.askedFor(items.join(", "))]),
    ...payments.map((payment) => paymentWords(payment, language)),
  ].join("\n");
}

/** One of the fixed sentences. Pure. */
export function sentence(
  language: Language,
  which:
    "missedInbound" | "missedOutbound" | "dropped" | "calling" | "cannotCall",
): string {
  return phrases[language][which];
}

function isLanguage(tag: string): tag is Language {
  return Object.hasOwn(phrases, tag);
}

function money(amount: number, currency: string): string {
  const digits = minorDigits(currency);
  return `${(amount / 10 ** digits).toFixed(digits)} ${currency}`;
}
