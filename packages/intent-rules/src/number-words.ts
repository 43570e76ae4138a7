/** A word that stands for a number. */
export type NumberWord =
  | { readonly kind: "count"; readonly value: number }
  | {
      readonly kind: "scale";
      readonly value: number;
      /** Where its count stands: before it in English and French, after it in Kinyarwanda and Swahili. */
      readonly counts: "before" | "after";
    };

/** Without accents, in lower case; several words for one number are parted by a stroke. */
const COUNTS: Readonly<Record<number, string>> = {
  1: "one|un|une|rimwe|kimwe|moja",
  2: "two|deux|bibiri|abiri|mbili",
  3: "three|trois|bitatu|atatu|itatu|tatu",
  4: "four|quatre|bine|ane|ine|nne",
  5: "five|cinq|bitanu|atanu|itanu|tano",
  6: "six|bitandatu|atandatu|itandatu|sita",
  7: "seven|sept|birindwi|arindwi|irindwi|saba",
  8: "eight|huit|umunani|inani|nane",
  9: "nine|neuf|icyenda|tisa",
  10: "ten|dix|icumi|cumi|kumi",
  11: "eleven|onze",
  12: "twelve|douze",
  13: "thirteen|treize",
  14: "fourteen|quatorze",
  15: "fifteen|quinze",
  16: "sixteen|seize",
  17: "seventeen",
  18: "eighteen",
  19: "nineteen",
  20: "twenty|vingt|vingts|makumyabiri|ishirini",
  30: "thirty|trente|thelathini",
  40: "forty|quarante|arobaini",
  50: "fifty|cinquante|hamsini",
  60: "sixty|soixante|sitini",
  70: "seventy|septante|sabini",
  80: "eighty|huitante|themanini",
  90: "ninety|nonante|tisini",
};

const SCALES: readonly (readonly [string, number, "before" | "after"])[] = [
  ["hundred|cent|cents", 100, "before"],
  ["thousand|thousands|mille|k", 1_000, "before"],
  ["million|millions", 1_000_000, "before"],
  ["mirongo", 10, "after"],
  ["ijana|magana|mia", 100, "after"],
  ["igihumbi|ibihumbi|elfu|alfu", 1_000, "after"],
  ["laki", 100_000, "after"],
  ["miliyoni|milioni", 1_000_000, "after"],
];

/** Every number word of the four languages. */
export const numberWords: ReadonlyMap<string, NumberWord> = new Map([
  ...Object.entries(COUNTS).flatMap(([value, words]) =>
    words
      .split("|")
      .map((word): [string, NumberWord] => [
        word,
        { kind: "count", value: Number(value) },
      ]),
  ),
  ...SCALES.flatMap(([words, value, counts]) =>
    words
      .split("|")
      .map((word): [string, NumberWord] => [
        word,
        { kind: "scale", value, counts },
      ]),
  ),
]);
