import { silence } from "./mulaw.js";
import { tone } from "./tone.js";

/** Something that turns a text into telephone audio. */
export interface Voice {
  /**
   * Says the text; μ-law at 8 kHz.
   *
   * @param language A BCP 47 tag or its first part: `en`, `fr`, `rw`, `sw`.
   */
  speak(text: string, language: string): Promise<Buffer>;
}

const LETTER_MS = 65;
const WORD_GAP_MS = 60;
const SENTENCE_GAP_MS = 220;
const LOWEST_HZ = 220;
// A pentatonic scale: any order of its notes is bearable.
const SCALE = [0, 2, 4, 7, 9, 12, 14, 16];

/**
 * A voice that hums: each word a note as long as the word, at the pace of
 * speech. The same text always sounds the same. For where no synthesizer is
 * installed.
 */
export const toneVoice: Voice = {
  speak: (text) => Promise.resolve(hum(text)),
};

function hum(text: string): Buffer {
  const parts: Buffer[] = [];
  for (const word of text.split(/\s+/u).filter((w) => w !== "")) {
    const letters = word.replace(/[^\p{L}\p{N}]/gu, "");
    if (letters !== "") {
      parts.push(
        tone({ hz: pitchOf(letters), durationMs: durationOf(letters) }),
        silence(/[.!?…]$/u.test(word) ? SENTENCE_GAP_MS : WORD_GAP_MS),
      );
    }
  }
  return Buffer.concat(parts);
}

function durationOf(letters: string): number {
  return Math.max(2, letters.length) * LETTER_MS;
}

function pitchOf(letters: string): number {
  let sum = 0;
  for (const letter of letters.toLowerCase()) {
    sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973;
  }
  return LOWEST_HZ * 2 ** ((SCALE[sum % SCALE.length] ?? 0) / 12);
}
