import type { AudioSlice } from "../media/audio-slice.js";

/** Ten seconds of one side's audio: 80 kB of mu-law is 107 kB of base64. */
const MAX_HELD_BYTES = 128 * 1024;

interface HeldPiece {
  readonly audio: Buffer;
  readonly markName: string;
}

/** Audio whose other side is not there yet; the oldest goes when it is full. */
export class HeldAudio {
  readonly #pieces: HeldPiece[] = [];
  #bytes = 0;

  /** Copies: the slice is only lent, and would keep its whole message. */
  hold(slice: AudioSlice, markName: string): void {
    const audio = Buffer.from(slice.buffer.subarray(slice.start, slice.end));
    this.#pieces.push({ audio, markName });
    this.#bytes += audio.length;
    while (this.#bytes > MAX_HELD_BYTES && this.#pieces.length > 1)
      this.#bytes -= this.#pieces.shift()?.audio.length ?? 0;
  }

  drain(
    take: (
      buffer: Buffer,
      start: number,
      end: number,
      markName: string,
    ) => void,
  ): void {
    const pieces = this.#pieces.splice(0);
    this.#bytes = 0;
    for (const { audio, markName } of pieces)
      take(audio, 0, audio.length, markName);
  }

  drop(): void {
    this.#pieces.length = 0;
    this.#bytes = 0;
  }
}
