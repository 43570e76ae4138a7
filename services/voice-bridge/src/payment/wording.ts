import type { Language } from "../call/language.js";

/** How a payment is told to a caller, in our words; never the model's. */

export interface PaymentDetails {
  readonly method: "momo_ussd" | "payment_link" | "manual";
  /** In the currency's minor unit. */
  readonly amount: number;
  readonly currency: string;
  readonly ussd?: string | undefined;
  readonly instructions: string;
}

const SYMBOLS: Record<Language, Readonly<Record<string, string>>> = {
  en: symbols(
    "zero one two three four five six seven eight nine",
    "star",
    "hash",
  ),
  fr: symbols(
    "zéro un deux trois quatre cinq six sept huit neuf",
    "étoile",
    "dièse",
  ),
  rw: symbols(
    "zeru rimwe kabiri gatatu kane gatanu gatandatu karindwi umunani icyenda",
    "akanyenyeri",
    "urwego",
  ),
  sw: symbols(
    "sifuri moja mbili tatu nne tano sita saba nane tisa",
    "nyota",
    "reli",
  ),
};

const USSD_FRAMES: Record<Language, (amount: string, code: string) => string> =
  {
    en: (amount, code) =>
      `To pay ${amount} with mobile money, please dial: ${code}. To hear it again, press the star key.`,
    fr: (amount, code) =>
      `Pour payer ${amount} par mobile money, composez : ${code}. Pour réécouter, appuyez sur la touche étoile.`,
    rw: (amount, code) =>
      `Kugira ngo wishyure ${amount} kuri mobile money, kanda: ${code}. Kongera kubyumva, kanda akanyenyeri.`,
    sw: (amount, code) =>
      `Ili kulipa ${amount} kwa mobile money, piga: ${code}. Kusikia tena, bonyeza nyota.`,
  };

const LINK_TEXTS: Record<Language, (amount: string) => string> = {
  en: (amount) =>
    `To pay ${amount}, please open the payment link that we are sending you by WhatsApp.`,
  fr: (amount) =>
    `Pour payer ${amount}, ouvrez le lien de paiement que nous vous envoyons par WhatsApp.`,
  rw: (amount) =>
    `Kugira ngo wishyure ${amount}, fungura umurongo wo kwishyuriraho tukohereje kuri WhatsApp.`,
  sw: (amount) =>
    `Ili kulipa ${amount}, fungua kiungo cha malipo tunachokutumia kwa WhatsApp.`,
};

/** What the caller is told, to be said word by word. */
export function paymentWording(
  payment: PaymentDetails,
  language: Language,
): string {
  const amount = spokenAmount(payment.amount, payment.currency, language);
  if (payment.method === "momo_ussd" && payment.ussd !== undefined)
    return USSD_FRAMES[language](amount, spellCode(payment.ussd, language));
  if (payment.method === "payment_link") return LINK_TEXTS[language](amount);
  return payment.instructions;
}

const WRITTEN: Record<
  Language,
  Readonly<Record<"dial" | "open", (price: string, how: string) => string>>
> = {
  en: {
    dial: (price, code) => `To pay ${price}, dial ${code}`,
    open: (price, link) => `To pay ${price}, open ${link}`,
  },
  fr: {
    dial: (price, code) => `Pour payer ${price}, composez ${code}`,
    open: (price, link) => `Pour payer ${price}, ouvrez ${link}`,
  },
  rw: {
    dial: (price, code) => `Kugira ngo mwishyure ${price}, mukande ${code}`,
    open: (price, link) => `Kugira ngo mwishyure ${price}, mufungure ${link}`,
  },
  sw: {
    dial: (price, code) => `Ili kulipa ${price}, piga ${code}`,
    open: (price, link) => `Ili kulipa ${price}, fungua ${link}`,
  },
};

/**
 * The same as a message. broker-orchestrator has these words too, for the same key: whichever of the two is sent, it is
 * one clear message.
 */
export function writtenPayment(
  payment: {
    readonly amount: number;
    readonly currency: string;
    readonly ussd?: string | undefined;
    readonly url?: string | undefined;
    readonly spoken: string;
  },
  language: Language,
): string {
  const { amount, currency, ussd, url, spoken } = payment;
  const price = writtenAmount(amount, currency, language);
  if (ussd !== undefined) return WRITTEN[language].dial(price, ussd);
  if (url !== undefined) return WRITTEN[language].open(price, url);
  return spoken;
}

/** "5,000 RWF". */
function writtenAmount(
  amount: number,
  currency: string,
  language: Language,
): string {
  const { maximumFractionDigits: digits = 0 } = new Intl.NumberFormat("en", {
    style: "currency",
    currency,
  }).resolvedOptions();
  const value = amount / 10 ** digits;
  const number = new Intl.NumberFormat(LOCALES[language], {
    minimumFractionDigits: Number.isInteger(value) ? 0 : digits,
    maximumFractionDigits: digits,
  }).format(value);
  return `${number} ${currency}`;
}

/** A USSD code symbol by symbol: "star, one, eight, two, …, hash". */
export function spellCode(code: string, language: Language): string {
  return code
    .split("")
    .map((symbol) => SYMBOLS[language][symbol] ?? symbol)
    .join(", ");
}

const LOCALES: Record<Language, string> = {
  en: "en",
  fr: "fr",
  rw: "rw",
  sw: "sw",
};

/** "5,000 Rwandan francs": the amount with its minor units put back. */
export function spokenAmount(
  amount: number,
  currency: string,
  language: Language,
): string {
  const format = new Intl.NumberFormat(LOCALES[language], {
    style: "currency",
    currency,
    currencyDisplay: "name",
  });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 0;
  const value = amount / 10 ** digits;
  return new Intl.NumberFormat(LOCALES[language], {
    style: "currency",
    currency,
    currencyDisplay: "name",
    minimumFractionDigits: Number.isInteger(value) ? 0 : digits,
  }).format(value);
}

/** Every word that stands for a symbol, in all languages. */
export function symbolWords(): ReadonlyMap<string, string> {
  const words = new Map<string, string>();
  for (const language of Object.values(SYMBOLS))
    for (const [symbol, word] of Object.entries(language))
      words.set(word, symbol);
  return words;
}

function symbols(
  digits: string,
  star: string,
  hash: string,
): Record<string, string> {
  const table: Record<string, string> = { "*": star, "#": hash };
  digits.split(" ").forEach((word, digit) => {
    table[String(digit)] = word;
  });
  return table;
}
