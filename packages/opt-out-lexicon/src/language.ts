/** The languages of the built-in lexicon, by their ISO 639-1 codes. */
export const languages = ["en", "fr", "rw", "sw"] as const;

export type Language = (typeof languages)[number];

/** The language of a tag such as `fr-RW` or `SW`, or undefined for another one. */
export function languageOf(tag: string): Language | undefined {
  const primary = tag.trim().toLowerCase().split(/[-_]/, 1)[0];
  return languages.find((language) => language === primary);
}
