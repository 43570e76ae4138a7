/** Everything that people and keyboards use as an apostrophe. */
const APOSTROPHES =
  /['`\u00b4\u02b9\u02bb\u02bc\u02be\u02bf\u2018\u2019\u201b\u2032\uff07\ua78c]/g;

/** Written in one way whatever was heard or typed; longest first where one begins another. */
const SPELLINGS: readonly (readonly [string, string])[] = [
  ["do not", "dont"],
  ["donot", "dont"],
  ["dnt", "dont"],
  ["do nt", "dont"],
  ["does not", "doesnt"],
  ["did not", "didnt"],
  ["can not", "cant"],
  ["cannot", "cant"],
  ["will not", "wont"],
  ["would not", "wouldnt"],
  ["should not", "shouldnt"],
  ["could not", "couldnt"],
  ["must not", "mustnt"],
  ["any more", "anymore"],
  ["opt out", "optout"],
  ["opt in", "optin"],
  ["un subscribe", "unsubscribe"],
  ["un stop", "unstop"],
  ["whats app", "whatsapp"],
  ["u", "you"],
  ["ur", "your"],
  ["pls", "please"],
  ["plz", "please"],
  ["plse", "please"],
  ["thx", "thanks"],
  ["msg", "message"],
  ["msgs", "messages"],
  ["msgz", "messages"],
  ["s v p", "svp"],
  ["jai plus envie", "je ne veux plus"],
  ["ntabwo nshaka", "sinshaka"],
  ["ntabwo ngishaka", "singishaka"],
  ["ntabwo nkeneye", "sinkeneye"],
];

const RESPELT = new Map(
  SPELLINGS.map(([from, to]) => [from, to.split(" ")] as const),
);
const LONGEST_SPELLING = 3;

/** Sounds that a transcript keeps and that mean nothing. */
const HESITATIONS: ReadonlySet<string> = new Set([
  "uh",
  "uhm",
  "um",
  "umm",
  "er",
  "erm",
  "hm",
  "hmm",
  "mm",
  "mmm",
  "euh",
  "heu",
  "hein",
]);

/** `don t call`, as it comes from a keyboard without an apostrophe. */
const BEFORE_T: ReadonlySet<string> = new Set(
  "don doesn didn can won wouldn shouldn couldn mustn isn aren".split(" "),
);
const FRENCH_ELISION = /^(?:[cdjlmnst]|qu)$/;
const VOWEL_OR_H = /^[aeiouyh]../;

/**
 * The words of a message, so that what means the same is written the same: no
 * case, accents, emoji, punctuation or apostrophes, no hesitations or immediate
 * repetitions, letters that were dragged out or spelled out made into words.
 */
export function wordsOf(text: string): string[] {
  const plain = text
    .replace(APOSTROPHES, "")
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[\p{M}\p{Cf}]+/gu, "")
    .replaceAll("œ", "oe")
    .replaceAll("æ", "ae");
  const raw = plain.match(/[\p{L}\p{N}]+/gu) ?? [];
  const heard = raw.map(undrag).filter((word) => !HESITATIONS.has(word));
  return withoutRepetitions(respell(joinLetters(heard)));
}

/** `stoooop` is `stop`; no word of ours has a letter three times in a row. */
function undrag(word: string): string {
  return word.length < 3 ? word : word.replace(/(\p{L})\1{2,}/gu, "$1");
}

/** `s t o p` is `stop`, `don t` is `dont`, `m appelez` is `mappelez`. */
function joinLetters(words: readonly string[]): string[] {
  const joined: string[] = [];
  let index = 0;
  while (index < words.length) {
    const word = words[index] ?? "";
    const spelled = spelledFrom(words, index);
    const previous = joined.at(-1);
    const next = words[index + 1];
    if (spelled.length >= 3) {
      joined.push(spelled.join(""));
      index += spelled.length;
    } else if (
      word === "t" &&
      previous !== undefined &&
      BEFORE_T.has(previous)
    ) {
      joined[joined.length - 1] = `${previous}t`;
      index += 1;
    } else if (
      FRENCH_ELISION.test(word) &&
      next !== undefined &&
      VOWEL_OR_H.test(next)
    ) {
      joined.push(word + next);
      index += 2;
    } else {
      joined.push(word);
      index += 1;
    }
  }
  return joined;
}

/** The single letters in a row that begin at `start`. */
function spelledFrom(words: readonly string[], start: number): string[] {
  const letters: string[] = [];
  for (let index = start; index < words.length; index++) {
    const word = words[index] ?? "";
    if (!/^\p{L}$/u.test(word)) {
      break;
    }
    letters.push(word);
  }
  return letters;
}

function respell(words: readonly string[]): string[] {
  const spelt: string[] = [];
  let index = 0;
  while (index < words.length) {
    let taken = 1;
    let replacement: readonly string[] = [words[index] ?? ""];
    for (let length = LONGEST_SPELLING; length > 0; length--) {
      const found = RESPELT.get(words.slice(index, index + length).join(" "));
      if (found !== undefined) {
        taken = length;
        replacement = found;
        break;
      }
    }
    spelt.push(...replacement);
    index += taken;
  }
  return spelt;
}

/** `stop stop stop` says no more than `stop`. */
function withoutRepetitions(words: readonly string[]): string[] {
  return words.filter((word, index) => word !== words[index - 1]);
}
