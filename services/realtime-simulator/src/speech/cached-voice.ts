import type { Voice } from "@easymo/telephone-audio";

const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;

/** A voice that remembers what it said lately; the same words asked for twice at once are synthesized once. */
export class CachedVoice implements Voice {
  readonly #voice: Voice;
  readonly #maxBytes: number;
  readonly #said = new Map<string, Promise<Buffer>>();
  #bytes = 0;

  constructor(voice: Voice, options: { readonly maxBytes?: number } = {}) {
    this.#voice = voice;
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  }

  speak(text: string, language: string): Promise<Buffer> {
    const key = `${language}\n${text}`;
    const known = this.#said.get(key);
    if (known) {
      // The order of a map is that of insertion: what was used last goes last.
      this.#said.delete(key);
      this.#said.set(key, known);
      return known;
    }
    const audio = this.#voice.speak(text, language);
    this.#said.set(key, audio);
    audio.then(
      (buffer) => void this.#account(buffer.length),
      () => this.#said.delete(key),
    );
    return audio;
  }

  async #account(bytes: number): Promise<void> {
    this.#bytes += bytes;
    for (const [key, audio] of this.#said) {
      if (this.#bytes <= this.#maxBytes) {
        return;
      }
      this.#said.delete(key);
      this.#bytes -= (await audio).length;
    }
  }
}
