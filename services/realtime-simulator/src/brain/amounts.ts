/** A sum of money that someone named. */
export interface Amount {
  readonly value: number;
  /** ISO 4217, when it was named. */
  readonly currency?: string;
}

const UNITS: readonly (readonly string[])[] = [
  ["one", "un", "une", "rimwe", "kimwe", "moja"],
  ["two", "deux", "bibiri", "kabiri", "mbili"],
  ["three", "trois", "bitatu", "gatatu", "tatu"],
  ["four", "quatre", "bine", "kane", "nne"],
  ["five", "cinq", "bitanu", "gatanu", "tano"],
  ["six", "bitandatu", "gatandatu", "sita"],
  ["seven", "sept", "birindwi", "karindwi", "saba"],
  ["eight", "huit", "umunani", "nane"],
  ["nine", "neuf", "icyenda", "tisa"],
  ["ten", "dix", "icumi", "kumi"],
];
const THOUSAND = ["thousand", "mille", "igihumbi", "ibihumbi", "elfu", "alfu"];
const HUNDRED = ["hundred", "cent", "cents", "ijana", "magana", "mia"];

const CURRENCIES: readonly (readonly [RegExp, string])[] = [
  [/\b(?:rwf|frw|francs?|amafaranga|faranga)\b/i, "RWF"],
  [/\b(?:eur|euros?)\b|€/i, "EUR"],
  [/\b(?:usd|dollars?|dola)\b|\$/i, "USD"],
  [/\b(?:kes|shillings?|shilingi)\b/i, "KES"],
];

/** The first amount in a text: `5000`, `5,000`, `5 000 francs`, `5k`, `five thousand`, `ibihumbi bitanu`, `elfu tano`. */
export function amountIn(text: string): Amount | undefined {
  const value = inDigits(text) ?? inWords(text);
  if (value === undefined) {
    return undefined;
  }
  const currency = CURRENCIES.find(([pattern]) => pattern.test(text))?.[1];
  return currency === undefined ? { value } : { value, currency };
}

function inDigits(text: string): number | undefined {
  // A telephone number is not a price.
  const match =
    /(?<![\d+])(\d{1,3}(?:[ ,.\u202f\u00a0]\d{3})+|\d{1,8})(?!\d)\s*(k\b)?/i.exec(
      text,
    );
  if (!match?.[1]) {
    return undefined;
  }
  const value = Number(match[1].replace(/\D/g, ""));
  return match[2] === undefined ? value : value * 1000;
}

/** "five thousand", "cinq mille" before the unit; "ibihumbi bitanu", "elfu tano" after it. */
function inWords(text: string): number | undefined {
  const words = text
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== "");
  for (const [names, size] of [
    [THOUSAND, 1000],
    [HUNDRED, 100],
  ] as const) {
    const at = words.findIndex((word) => names.includes(word));
    if (at >= 0) {
      const count = unit(words[at - 1]) ?? unit(words[at + 1]) ?? 1;
      return count * size;
    }
  }
  return undefined;
}

function unit(word: string | undefined): number | undefined {
  const at = UNITS.findIndex((names) => names.includes(word ?? ""));
  return at < 0 ? undefined : at + 1;
}
