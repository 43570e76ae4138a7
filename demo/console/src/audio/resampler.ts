/**
 * Takes sound that arrives in pieces from one rate to another, by linear
 * interpolation; what is above the new rate's reach must be filtered out
 * before.
 */
export class Resampler {
  readonly #step: number;
  #position = 0;
  #last = 0;

  constructor(fromHz: number, toHz: number) {
    this.#step = fromHz / toHz;
  }

  /** The samples of the new rate that this piece completes. */
  push(samples: Float32Array): Float32Array {
    const out: number[] = [];
    // Position 0 is the last sample of the piece before.
    while (this.#position < samples.length) {
      const before = Math.floor(this.#position);
      const part = this.#position - before;
      const a = before === 0 ? this.#last : (samples[before - 1] ?? 0);
      const b = samples[before] ?? 0;
      out.push(a + (b - a) * part);
      this.#position += this.#step;
    }
    this.#position -= samples.length;
    this.#last = samples.at(-1) ?? this.#last;
    return Float32Array.from(out);
  }
}
