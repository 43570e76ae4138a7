import type { Logger } from "@easymo/service-kit";
import { toneVoice, type Voice } from "@easymo/telephone-audio";
import { CachedVoice } from "./cached-voice.js";
import { EspeakVoice } from "./espeak-voice.js";

/** A voice that holds a thread, or nothing. */
export interface ManagedVoice extends Voice {
  /** Which one it is: words that can be understood, or humming. */
  readonly kind: "espeak" | "tone";
  close(): Promise<void>;
}

/**
 * The best voice there is: espeak-ng where its package is installed, and
 * otherwise, or when it dies, one that hums. It remembers what it said lately.
 */
export async function createVoice(options: {
  readonly logger: Logger;
  readonly startSpeech?: () => Promise<Voice & { close(): Promise<void> }>;
}): Promise<ManagedVoice> {
  const { logger, startSpeech = () => EspeakVoice.start() } = options;
  let speech: Awaited<ReturnType<typeof startSpeech>>;
  try {
    speech = await startSpeech();
  } catch (error) {
    logger.warn({ err: error }, "no speech synthesizer: the voice hums");
    return {
      kind: "tone",
      speak: (text, language) => toneVoice.speak(text, language),
      close: () => Promise.resolve(),
    };
  }
  const cached = new CachedVoice(speech);
  return {
    kind: "espeak",
    speak: (text, language) =>
      cached.speak(text, language).catch((error: unknown) => {
        logger.error({ err: error }, "speech synthesis failed: humming");
        return toneVoice.speak(text, language);
      }),
    close: () => speech.close(),
  };
}
