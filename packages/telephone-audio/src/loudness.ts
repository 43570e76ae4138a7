import { decodeMulaw } from "./mulaw.js";

/**
 * What `loudness` says of digital silence, and of nothing at all: a number
 * below everything that μ-law can carry (its smallest step is -72 dBFS).
 */
export const LOUDNESS_FLOOR_DBFS = -96;

const FULL_SCALE = 32_768;
const SQUARES = Float64Array.from(
  decodeMulaw(Uint8Array.from({ length: 256 }, (_, byte) => byte)),
  (sample) => (sample / FULL_SCALE) ** 2,
);

/**
 * RMS loudness of μ-law audio in dB relative to full scale: 0 is the loudest
 * square wave, -3 the loudest sine, speech on a telephone about -25,
 * `LOUDNESS_FLOOR_DBFS` silence.
 */
export function loudness(mulaw: Uint8Array): number {
  let sum = 0;
  for (const byte of mulaw) {
    sum += SQUARES[byte] ?? 0;
  }
  if (sum === 0) {
    return LOUDNESS_FLOOR_DBFS;
  }
  return Math.max(LOUDNESS_FLOOR_DBFS, 10 * Math.log10(sum / mulaw.length));
}
