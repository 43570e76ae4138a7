import type { Voice } from "@easymo/telephone-audio";
import type { ManagedVoice } from "./create-voice.js";

/** A voice that is made when it is first needed. */
export class LateVoice implements Voice {
  readonly #make: () => Promise<ManagedVoice>;
  #voice: Promise<ManagedVoice> | undefined;

  constructor(make: () => Promise<ManagedVoice>) {
    this.#make = make;
  }

  async start(): Promise<void> {
    await (this.#voice ??= this.#make());
  }

  async speak(text: string, language: string): Promise<Buffer> {
    const voice = await (this.#voice ??= this.#make());
    return voice.speak(text, language);
  }

  async close(): Promise<void> {
    const voice = await this.#voice;
    await voice?.close();
  }
}
