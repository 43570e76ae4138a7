import { symbolWords } from "./wording.js";

/** Words that transcripts use for the symbols, besides our own. */
const OTHER_WORDS: readonly (readonly [string, string])[] = [
  ["asterisk", "*"],
  ["astérisque", "*"],
  ["pound", "#"],
  ["square", "#"],
  ["oh", "0"],
  ["une", "1"],
];

const WORDS = new Map(
  [...symbolWords(), ...OTHER_WORDS].map(([word, symbol]) => [
    plain(word),
    symbol,
  ]),
);

/**
 * The digits, stars and hashes that a transcript holds, in order, whether the
 * transcriber wrote words or figures; other words break the sequence.
 * "Dial star one 82 hash, then" gives " *182# ".
 */
export function readBack(transcript: string): string {
  let read = "";
  for (const [token] of plain(transcript).matchAll(/[*#]|\d|\p{L}+/gu)) {
    const symbol = /^[*#\d]$/.test(token) ? token : WORDS.get(token);
    read += symbol ?? " ";
  }
  return read;
}

function plain(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
