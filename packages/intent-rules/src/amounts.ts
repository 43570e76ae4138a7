import { numberWords, type NumberWord } from "./number-words.js";

/** A sum as someone wrote it. */
interface NamedSum {
  /** In the major unit: 49.5 of "49.50 euros". */
  readonly value: number;
  /** ISO 4217; several when the word does not say which ("francs"), none when no word was there. */
  readonly currencies: readonly string[];
}

type Token =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "word"; readonly text: string };

const MAX_CHARACTERS = 8_192;
const MAX_VALUE = 1e9;

const FRANCS = ["RWF", "BIF", "CDF", "XOF", "XAF", "CHF", "KMF", "DJF", "GNF"];
const SHILLINGS = ["KES", "UGX", "TZS", "SOS"];

const CURRENCIES: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    "rwf frw": ["RWF"],
    "franc francs f fr frs amafaranga faranga": FRANCS,
    "shilling shillings shilingi sh": SHILLINGS,
    "kes ksh": ["KES"],
    "ugx ush": ["UGX"],
    "tzs tsh": ["TZS"],
    "euro euros eur €": ["EUR"],
    "dollar dollars usd dola dolari $": ["USD"],
    "pound pounds gbp £": ["GBP"],
  }).flatMap(([words, codes]) =>
    words.split(" ").map((word): [string, readonly string[]] => [word, codes]),
  ),
);

/**
 * Every sum that a text names, in the minor unit of a currency: in digits ("5,000", "5 000", "5k", "49.50") or in words
 * of four languages ("five thousand", "cinq mille", "ibihumbi bitanu", "elfu tano"). A sum that is said to be in another
 * currency is left out, and so are telephone numbers and codes to dial. Pure.
 */
export function amountsIn(text: string, currency: string): number[] {
  const digits = minorDigits(currency);
  const sums = sumsIn(text)
    .filter(
      ({ currencies }) =>
        currencies.length === 0 || currencies.includes(currency),
    )
    .map(({ value }) => Math.round(value * 10 ** digits))
    .filter((amount) => amount > 0 && amount <= MAX_VALUE * 10 ** digits);
  return [...new Set(sums)];
}

/** How many digits a currency's minor unit has: 0 of RWF, 2 of EUR. Pure. */
export function minorDigits(currency: string): number {
  return (
    new Intl.NumberFormat("en", {
      style: "currency",
      currency,
    }).resolvedOptions().maximumFractionDigits ?? 2
  );
}

function sumsIn(text: string): NamedSum[] {
  const tokens = tokensOf(text);
  const sums: NamedSum[] = [];
  for (let at = 0; at < tokens.length;) {
    const read = digitsAt(tokens, at) ?? wordsAt(tokens, at);
    if (read === undefined) {
      at += 1;
      continue;
    }
    const currencies =
      currencyOf(tokens[read.next]) ?? currencyOf(tokens[at - 1]) ?? [];
    if (read.isSum || currencies.length > 0)
      sums.push({ value: read.value, currencies });
    at = read.next;
  }
  return sums;
}

interface Read {
  readonly value: number;
  readonly next: number;
  /** A small number in words ("one of them") is a sum only with a currency beside it. */
  readonly isSum: boolean;
}

/** "5000", or "5 thousand". */
function digitsAt(tokens: readonly Token[], at: number): Read | undefined {
  const token = tokens[at];
  if (token?.kind !== "number") return undefined;
  const scale = numberWordOf(tokens[at + 1]);
  if (scale?.kind === "scale" && scale.counts === "before")
    return { value: token.value * scale.value, next: at + 2, isSum: true };
  return { value: token.value, next: at + 1, isSum: true };
}

function wordsAt(tokens: readonly Token[], at: number): Read | undefined {
  const first = numberWordOf(tokens[at]);
  if (first === undefined) return undefined;
  return first.kind === "scale" && first.counts === "after"
    ? scaleFirst(tokens, at)
    : countFirst(tokens, at);
}

/** English and French: "twelve thousand five hundred", "quatre-vingt mille". */
function countFirst(tokens: readonly Token[], from: number): Read {
  let total = 0;
  let group = 0;
  let isSum = false;
  let next = from;
  for (let at = from; at < tokens.length; at++) {
    const word = numberWordOf(tokens[at]);
    if (word === undefined) {
      if (
        !isConnector(tokens[at]) ||
        numberWordOf(tokens[at + 1]) === undefined
      )
        break;
      continue;
    }
    if (word.kind === "scale") {
      if (word.counts === "after") break;
      isSum = true;
      if (word.value === 100) group = Math.max(1, group) * 100;
      else {
        total += Math.max(1, group) * word.value;
        group = 0;
      }
    } else if (group === 4 && word.value === 20)
      // "quatre-vingt" is four twenties.
      group = 80;
    else group += word.value;
    next = at + 1;
  }
  return { value: total + group, next, isSum };
}

/** Kinyarwanda and Swahili: "ibihumbi cumi na bibiri", "elfu tano na mia tano", "elfu 5". */
function scaleFirst(tokens: readonly Token[], from: number): Read {
  let total = 0;
  let next = from;
  for (let at = from; at < tokens.length;) {
    const word = numberWordOf(tokens[at]);
    if (word?.kind !== "scale" || word.counts !== "after") break;
    const count = countAfter(tokens, at + 1, word.value);
    total += word.value * Math.max(1, count.value);
    next = count.next;
    at = isConnector(tokens[next]) ? next + 1 : next;
  }
  return { value: total, next, isSum: true };
}

/** How many of a scale: units, tens with units after "na", or a smaller scale ("ibihumbi magana abiri"). */
function countAfter(
  tokens: readonly Token[],
  from: number,
  scale: number,
): { value: number; next: number } {
  const first = tokens[from];
  if (first?.kind === "number") return { value: first.value, next: from + 1 };
  const word = numberWordOf(first);
  if (word?.kind === "scale" && word.counts === "after" && word.value < scale) {
    const count = countAfter(tokens, from + 1, word.value);
    const value = word.value * Math.max(1, count.value);
    return withUnits(tokens, { value, next: count.next });
  }
  if (word?.kind !== "count") return { value: 0, next: from };
  return withUnits(tokens, { value: word.value, next: from + 1 });
}

/** "… na bitanu": units that are joined to tens. */
function withUnits(
  tokens: readonly Token[],
  read: { value: number; next: number },
): { value: number; next: number } {
  const unit = numberWordOf(tokens[read.next + 1]);
  const isJoined =
    read.value >= 10 &&
    isConnector(tokens[read.next]) &&
    unit?.kind === "count" &&
    unit.value < 10;
  return isJoined
    ? { value: read.value + unit.value, next: read.next + 2 }
    : read;
}

function numberWordOf(token: Token | undefined): NumberWord | undefined {
  return token?.kind === "word" ? numberWords.get(token.text) : undefined;
}

function currencyOf(token: Token | undefined): readonly string[] | undefined {
  return token?.kind === "word" ? CURRENCIES.get(token.text) : undefined;
}

function isConnector(token: Token | undefined): boolean {
  return token?.kind === "word" && /^(?:and|et|na)$/.test(token.text);
}

/** A code to dial, a telephone number, a date, a time, a percentage: digits that are no sum. */
const NO_SUM =
  /[*#][\d*#]+|\+\d[\d ().-]{6,}|\b0\d{8,}\b|\b\d{10,}\b|\b\d{1,4}[/:-]\d{1,2}(?:[/:-]\d{1,4})?\b|\d+(?:[.,]\d+)?\s*%/g;
const NUMBER =
  /(?<grouped>\d{1,3}(?:[ ,.'\u00a0\u202f]\d{3})+(?!\d)(?:[.,]\d{1,2}(?!\d))?)|(?<plain>\d+(?:[.,]\d{1,2}(?!\d))?)/;
const TOKEN = new RegExp(`${NUMBER.source}|(?<word>\\p{L}+|[€$£])`, "gu");

function tokensOf(text: string): Token[] {
  const plain = text
    .slice(0, MAX_CHARACTERS)
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(NO_SUM, " ; ");
  const tokens: Token[] = [];
  for (const { groups = {} } of plain.matchAll(TOKEN)) {
    const { grouped, plain: digits, word } = groups;
    if (word !== undefined) tokens.push({ kind: "word", text: word });
    else if (grouped !== undefined)
      tokens.push({ kind: "number", value: groupedValue(grouped) });
    else if (digits !== undefined)
      tokens.push({ kind: "number", value: Number(digits.replace(",", ".")) });
  }
  return tokens;
}

/** "12,500.50", "12 500", "1.250.000". */
function groupedValue(written: string): number {
  const cents = /[.,](\d{1,2})$/.exec(written);
  const whole = cents === null ? written : written.slice(0, cents.index);
  return Number(`${whole.replace(/\D/g, "")}.${cents?.[1] ?? "0"}`);
}
