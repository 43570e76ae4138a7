// ITU-T G.711 μ-law: sign, three bits of exponent, four of mantissa, all
// inverted; a bias of 132 makes every segment start at a power of two.
const BIAS = 132;
const CLIP = 32_635;
const FULL_SCALE = 32_768;

const decoded = Float32Array.from({ length: 256 }, (_, byte) => {
  const code = ~byte & 0xff;
  const exponent = (code >> 4) & 7;
  const magnitude = ((((code & 15) << 3) + BIAS) << exponent) - BIAS;
  return (code & 0x80 ? -magnitude : magnitude) / FULL_SCALE;
});

/** Samples from -1 to 1. */
export function decodeMulaw(mulaw: Uint8Array): Float32Array<ArrayBuffer> {
  const samples = new Float32Array(mulaw.length);
  for (let i = 0; i < mulaw.length; i += 1) {
    samples[i] = decoded[mulaw[i] ?? 0xff] ?? 0;
  }
  return samples;
}

/** μ-law of samples from -1 to 1; what is beyond is clipped. */
export function encodeMulaw(samples: Float32Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(samples, (sample) => {
    const linear = Math.round(sample * FULL_SCALE);
    const sign = linear < 0 ? 0x80 : 0;
    const magnitude = Math.min(Math.abs(linear), CLIP) + BIAS;
    const exponent = 31 - Math.clz32(magnitude) - 7;
    const mantissa = (magnitude >> (exponent + 3)) & 15;
    return ~(sign | (exponent << 4) | mantissa) & 0xff;
  });
}

/** How loud sound is, from 0 to 1, roughly as it is felt. */
export function levelOf(samples: Float32Array): number {
  if (samples.length === 0) return 0;
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const dbfs = 10 * Math.log10(sum / samples.length + 1e-9);
  return Math.min(1, Math.max(0, (dbfs + 50) / 40));
}
