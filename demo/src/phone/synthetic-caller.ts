import { type Voice, writeCaption } from "@easymo/telephone-audio";
import type { Language } from "../../console/src/wire.js";

/** What somebody says to get a word in. */
const interruptions: Readonly<Record<Language, string>> = {
  en: "Wait, please.",
  fr: "Attendez, s'il vous plaît.",
  rw: "Tegereza gato.",
  sw: "Subiri kidogo.",
};

/** Something said into a telephone: the words, and their sound. */
export interface Utterance {
  readonly text: string;
  readonly audio: Buffer;
}

/**
 * Speaks for someone who types. The words travel inside the sound, so that
 * the offline model understands exactly what was typed.
 */
export class SyntheticCaller {
  readonly #voice: Voice;

  constructor(voice: Voice) {
    this.#voice = voice;
  }

  async utter(text: string, language: Language): Promise<Utterance> {
    const audio = await this.#voice.speak(text, language);
    return { text, audio: writeCaption(audio, { text, language }) };
  }

  interruption(language: Language): Promise<Utterance> {
    return this.utter(interruptions[language], language);
  }
}
