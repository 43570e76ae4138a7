import {
  intentLanguages,
  intentNames,
  type Intent,
  type IntentLanguage,
  type IntentName,
  type Slots,
} from "./intent.js";
import {
  commonWords,
  fillers,
  intentWords,
  placeWords,
  refusals,
} from "./words.js";

interface Match {
  readonly name: IntentName;
  readonly language: IntentLanguage;
  readonly words: readonly string[];
  readonly at: number;
}

const MAX_WORDS = 120;
const MAX_ITEM_WORDS = 5;
const MAX_PLACE_WORDS = 2;
const CURRENCY =
  /^(rwf|frw|francs?|fr|amafaranga|faranga|kes|ugx|tzs|shillings?|shilingi)$/;

/**
 * What someone wants, told by words in four languages; undefined when none of them says. Of several, the one whose words
 * come first in the order human, call, pay, price, order, help. Pure.
 */
export function intentByRules(text: string): Intent | undefined {
  const words = plainWords(text).slice(0, MAX_WORDS);
  const match = bestMatch(words);
  if (match === undefined) return undefined;
  return {
    name: match.name,
    language: match.language,
    slots: slotsOf(words, match),
    confidence: confidenceOf(match, words.length),
  };
}

/** The language that a text is written in, as far as its every-day words tell. Pure. */
export function languageOfText(text: string): IntentLanguage | undefined {
  const words = plainWords(text).slice(0, MAX_WORDS);
  const counts = intentLanguages.map((language) => ({
    language,
    count: words.filter((word) => commonWords[language].includes(word)).length,
  }));
  counts.sort((a, b) => b.count - a.count);
  const [first, second] = counts;
  if (first !== undefined && first.count > (second?.count ?? 0))
    return first.language;
  return bestMatch(words)?.language;
}

const priority: readonly IntentName[] = [
  "human",
  "call",
  "pay",
  "price",
  "order",
  "help",
];

function bestMatch(words: readonly string[]): Match | undefined {
  const matches = intentNames.flatMap((name) =>
    intentLanguages.flatMap((language) =>
      intentWords[name][language].flatMap((phrase): Match[] => {
        const wanted = phrase.split(" ");
        const at = indexOfWords(words, wanted);
        if (at < 0 || (name === "call" && isRefused(words, at))) return [];
        return [{ name, language, words: wanted, at }];
      }),
    ),
  );
  matches.sort(
    (a, b) =>
      priority.indexOf(a.name) - priority.indexOf(b.name) ||
      b.words.join(" ").length - a.words.join(" ").length,
  );
  return matches[0];
}

function isRefused(words: readonly string[], at: number): boolean {
  return words.slice(0, at).some((word) => refusals.has(word));
}

/** A short message that is little more than the words themselves is surer than a long one that has them somewhere. */
function confidenceOf(match: Match, length: number): number {
  const share = match.words.length / Math.max(length, 1);
  const base = match.name === "help" || match.name === "order" ? 0.6 : 0.7;
  return Math.round(Math.min(0.95, base + 0.3 * share) * 100) / 100;
}

function slotsOf(words: readonly string[], match: Match): Slots {
  const amount = amountIn(words);
  const place = placeIn(words, match);
  const item =
    match.name === "order" || match.name === "price"
      ? itemIn(words, match)
      : undefined;
  return {
    ...(item === undefined ? {} : { item }),
    ...(amount === undefined ? {} : { amount }),
    ...(place === undefined ? {} : { place: place.name }),
  };
}

/** A number with a currency beside it, or else the only number of four digits or more. */
function amountIn(words: readonly string[]): number | undefined {
  const numbers = words.flatMap((word, at) =>
    /^\d{1,9}$/.test(word) ? [{ value: Number(word), at }] : [],
  );
  const named = numbers.find(({ at }) =>
    [words[at - 1], words[at + 1]].some((word) => CURRENCY.test(word ?? "")),
  );
  const large = numbers.filter(({ value }) => value >= 1_000);
  return named?.value ?? (large.length === 1 ? large[0]?.value : undefined);
}

/** What follows "in", "mu", "katika" or "à" at the end of what was said. */
function placeIn(
  words: readonly string[],
  { language, at, words: said }: Match,
): { name: string; at: number } | undefined {
  for (let from = words.length - 1; from >= at + said.length; from--)
    for (const phrase of placeWords[language]) {
      const wanted = phrase.split(" ");
      if (indexOfWords(words.slice(from, from + wanted.length), wanted) !== 0)
        continue;
      const name = words
        .slice(from + wanted.length)
        .slice(0, MAX_PLACE_WORDS)
        .filter((word) => !/^\d/.test(word) && !fillers.has(word));
      if (name.length > 0) return { name: name.join(" "), at: from };
    }
  return undefined;
}

function itemIn(words: readonly string[], match: Match): string | undefined {
  const place = placeIn(words, match);
  const after = words.slice(match.at + match.words.length, place?.at);
  const before = words.slice(0, match.at);
  const item = namesIn(after).join(" ") || namesIn(before).join(" ");
  return item === "" ? undefined : item;
}

function namesIn(words: readonly string[]): string[] {
  return words
    .filter((word, at) => {
      const isAmount =
        /^\d+$/.test(word) &&
        [words[at - 1], words[at + 1]].some((one) => CURRENCY.test(one ?? ""));
      return !fillers.has(word) && !CURRENCY.test(word) && !isAmount;
    })
    .slice(0, MAX_ITEM_WORDS);
}

function indexOfWords(
  words: readonly string[],
  wanted: readonly string[],
): number {
  return words.findIndex((_, at) =>
    wanted.every((word, offset) => words[at + offset] === word),
  );
}

/** Lower case, without accents, emoji and punctuation; "5,000" and "5 000" are 5000. Pure. */
function plainWords(text: string): string[] {
  return text
    .slice(0, 4_096)
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/(\d)[.,\s](?=\d{3}(?!\d))/g, "$1")
    .replace(/(\d)(rwf|frw|kes)\b/g, "$1 $2")
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
}
