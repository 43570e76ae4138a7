/** What comes out of the caller's telephone. */
export class Earpiece {
  readonly #keeps: boolean;
  readonly #heard: Buffer[] = [];
  #heardBytes = 0;

  /** `keeps`: whether the audio itself is recorded, or only how much it was. */
  constructor(keeps: boolean) {
    this.#keeps = keeps;
  }

  /** The answer is where in all that was heard this piece begins. */
  hear(audio: Buffer): number {
    const positionBytes = this.#heardBytes;
    this.#heardBytes += audio.length;
    if (this.#keeps) this.#heard.push(audio);
    return positionBytes;
  }

  get heardBytes(): number {
    return this.#heardBytes;
  }

  heard(): Buffer {
    return Buffer.concat(this.#heard);
  }
}
