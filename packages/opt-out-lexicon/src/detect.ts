import type { Language } from "./language.js";
import { english } from "./lexicon/english.js";
import { french } from "./lexicon/french.js";
import { kinyarwanda } from "./lexicon/kinyarwanda.js";
import type { Lexicon, RequestRule } from "./lexicon/lexicon.js";
import { swahili } from "./lexicon/swahili.js";
import {
  universalKeywords,
  universalOptInKeywords,
} from "./lexicon/universal.js";
import type { Pattern } from "./pattern.js";
import { compile, endsAt, firstWords, matchAt } from "./pattern.js";
import { wordsOf } from "./words.js";

/** What was understood. */
export interface Detection {
  /** The words that asked for it, as they are compared: plain lower case. */
  readonly phrase: string;
  /**
   * The language of the words; undefined for those that are understood in every
   * language (`STOP`) and for an agent's own phrases.
   */
  readonly language: Language | undefined;
}

interface CompiledRequest {
  readonly pattern: Pattern;
  readonly rule: RequestRule;
  readonly lexicon: CompiledLexicon;
}

interface CompiledLexicon {
  readonly language: Language;
  readonly before: readonly Pattern[];
  readonly subjects: readonly Pattern[];
  readonly others: readonly Pattern[];
  readonly limits: readonly Pattern[];
  readonly moments: readonly Pattern[];
  readonly otherChannels: readonly Pattern[];
  readonly continuations: ReadonlySet<string>;
}

type Keywords = ReadonlyMap<string, Language | undefined>;

const LEXICONS: readonly Lexicon[] = [english, french, kinyarwanda, swahili];

/** A longer message is no keyword; keeps the look-up short. */
const LONGEST_KEYWORD_MESSAGE = 16;
/** How far back a negation or a question may begin. */
const REACH = 8;

const requestsByFirstWord = new Map<string, CompiledRequest[]>();
const compiledLexicons = LEXICONS.map(compileLexicon);

/** What makes an agent's own phrase none, in every language. */
const negations = compiledLexicons.flatMap(({ before }) => before);

function compileLexicon(lexicon: Lexicon): CompiledLexicon {
  const all = (sources: readonly string[]) =>
    sources.map((source) => compile(source, lexicon.sets));
  const compiled: CompiledLexicon = {
    language: lexicon.language,
    before: all(lexicon.before),
    subjects: all(lexicon.subjects),
    others: all(lexicon.others),
    limits: all(lexicon.limits),
    moments: all(lexicon.moments),
    otherChannels: all(lexicon.otherChannels),
    continuations: new Set(lexicon.continuations.split(" ")),
  };
  for (const rule of lexicon.requests) {
    for (const pattern of all(rule.patterns)) {
      for (const word of firstWords(pattern)) {
        const known = requestsByFirstWord.get(word) ?? [];
        known.push({ pattern, rule, lexicon: compiled });
        requestsByFirstWord.set(word, known);
      }
    }
  }
  return compiled;
}

function keywordsOf(
  pick: (lexicon: Lexicon) => readonly string[],
  universal: readonly string[],
): Keywords {
  const keywords = new Map<string, Language | undefined>();
  for (const lexicon of LEXICONS) {
    for (const keyword of pick(lexicon)) {
      keywords.set(wordsOf(keyword).join(" "), lexicon.language);
    }
  }
  for (const keyword of universal) {
    keywords.set(keyword, undefined);
  }
  return keywords;
}

const optOutKeywords = keywordsOf(
  ({ keywords }) => keywords,
  universalKeywords,
);
const bareKeywords = keywordsOf(({ bareKeywords: bare }) => bare, []);
const optInKeywords = keywordsOf(
  ({ optInKeywords: keywords }) => keywords,
  universalOptInKeywords,
);
const courtesies: ReadonlySet<string> = new Set(
  LEXICONS.flatMap((lexicon) =>
    lexicon.courtesies.map((courtesy) => wordsOf(courtesy).join(" ")),
  ),
);

/**
 * Does this message, or transcript of speech, ask not to be called or written to
 * any more? Whole messages like `STOP`, and clear requests inside sentences, in
 * English, French, Kinyarwanda and Swahili; case, accents, emoji and punctuation
 * aside. Negations ("don't stop calling me"), questions about it ("how do I
 * stop these messages?"), limits ("don't call me at night") and other channels
 * ("don't call, text me") are no requests. Takes time linear in the text.
 *
 * @param options.phrases an agent's own, each a sequence of words anywhere in
 * the text; one that is a built-in keyword still counts as a whole message only
 */
export function detectOptOut(
  text: string,
  options: { readonly phrases?: readonly string[] } = {},
): Detection | undefined {
  const words = wordsOf(text);
  return (
    wholeMessage(words, optOutKeywords, bareKeywords) ??
    clearRequest(words) ??
    ownPhrase(words, options.phrases ?? [])
  );
}

/** Does this whole message ask to be contacted again? `START` and its translations. */
export function detectOptIn(text: string): Detection | undefined {
  return wholeMessage(wordsOf(text), optInKeywords, new Map());
}

function wholeMessage(
  words: readonly string[],
  keywords: Keywords,
  bare: Keywords,
): Detection | undefined {
  if (words.length === 0 || words.length > LONGEST_KEYWORD_MESSAGE) {
    return undefined;
  }
  const whole = words.join(" ");
  if (bare.has(whole)) {
    return { phrase: whole, language: bare.get(whole) };
  }
  let found: string | undefined;
  for (let index = 0; index < words.length;) {
    const keyword = longestAt(words, index, keywords);
    const known = keyword ?? longestAt(words, index, courtesies);
    if (known === undefined) {
      return undefined;
    }
    found ??= keyword;
    index += known.split(" ").length;
  }
  return found === undefined
    ? undefined
    : { phrase: found, language: keywords.get(found) };
}

/** The longest of the known expressions (of four words at most) that begins here. */
function longestAt(
  words: readonly string[],
  start: number,
  known: { has(expression: string): boolean },
): string | undefined {
  for (let length = 4; length > 0; length--) {
    const expression = words.slice(start, start + length).join(" ");
    if (start + length <= words.length && known.has(expression)) {
      return expression;
    }
  }
  return undefined;
}

function ownPhrase(
  words: readonly string[],
  phrases: readonly string[],
): Detection | undefined {
  for (const phrase of phrases) {
    const wanted = wordsOf(phrase);
    const text = wanted.join(" ");
    const isKeyword = optOutKeywords.has(text) || bareKeywords.has(text);
    if (wanted.length === 0 || isKeyword) {
      continue;
    }
    const pattern: Pattern = compile(wanted.join(" "));
    for (let start = 0; start <= words.length - wanted.length; start++) {
      if (
        matchAt(pattern, words, start) !== undefined &&
        !endsWithAny(negations, words, start)
      ) {
        return { phrase: text, language: undefined };
      }
    }
  }
  return undefined;
}

function clearRequest(words: readonly string[]): Detection | undefined {
  for (const [start, word] of words.entries()) {
    for (const request of requestsByFirstWord.get(word) ?? []) {
      const end = matchAt(request.pattern, words, start);
      if (end !== undefined && isMeant(request, words, start, end)) {
        return {
          phrase: words.slice(start, end).join(" "),
          language: request.lexicon.language,
        };
      }
    }
  }
  return undefined;
}

/** Is it a request where it stands, or do its surroundings make it none? */
function isMeant(
  { rule, lexicon }: CompiledRequest,
  words: readonly string[],
  start: number,
  end: number,
): boolean {
  const isNext = (patterns: readonly Pattern[]) =>
    patterns.some((pattern) => matchAt(pattern, words, end) !== undefined);
  const isAfter = (patterns: readonly Pattern[]) =>
    endsWithAny(patterns, words, start);
  if (
    (rule.unguarded !== true && isAfter(lexicon.before)) ||
    (rule.voice === "order" && isAfter(lexicon.subjects)) ||
    (rule.voice === "wish" && isAfter(lexicon.others))
  ) {
    return false;
  }
  if (rule.opening === true && !isCourteous(words, 0, start)) {
    return false;
  }
  if (rule.absolute === true) {
    return true;
  }
  if (
    isNext(lexicon.limits) ||
    (rule.weak === true && isNext(lexicon.moments)) ||
    (rule.contact === true && isNext(lexicon.otherChannels))
  ) {
    return false;
  }
  return mayFollow(rule, lexicon, words, end);
}

function mayFollow(
  { follow }: RequestRule,
  lexicon: CompiledLexicon,
  words: readonly string[],
  end: number,
): boolean {
  const next = words[end];
  if (next === undefined || follow === undefined || follow === "anything") {
    return true;
  }
  return follow === "closing"
    ? longestAt(words, end, courtesies) !== undefined
    : lexicon.continuations.has(next);
}

/** Does one of the patterns end right before `end`? */
function endsWithAny(
  patterns: readonly Pattern[],
  words: readonly string[],
  end: number,
): boolean {
  return patterns.some((pattern) => endsAt(pattern, words, end, REACH));
}

function isCourteous(
  words: readonly string[],
  from: number,
  to: number,
): boolean {
  let index = from;
  while (index < to) {
    const courtesy = longestAt(words, index, courtesies);
    if (courtesy === undefined) {
      return false;
    }
    index += courtesy.split(" ").length;
  }
  return true;
}
