/** A μ-law byte that decodes to zero: what a silent telephone line sends. */
export const MULAW_SILENCE = 0xff;
/** Telephone audio is sampled 8,000 times a second, one byte a sample. */
export const MULAW_SAMPLE_RATE_HZ = 8000;
/** Carriers send one frame every 20 ms. */
export const FRAME_MS = 20;
/** Bytes of μ-law in one frame. */
export const FRAME_BYTES = 160;
/** Bytes of μ-law in one millisecond. */
export const MULAW_BYTES_PER_MS = 8;

// ITU-T G.711: a bias of 33 on 14 bits (132 on 16) makes every segment start at a power of two.
const BIAS = 132;
const CLIP = 32_635;

function expand(byte: number): number {
  const code = ~byte & 0xff;
  const exponent = (code >> 4) & 7;
  const mantissa = code & 15;
  const magnitude = (((mantissa << 3) + BIAS) << exponent) - BIAS;
  return code & 0x80 ? -magnitude : magnitude;
}

function compress(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), CLIP) + BIAS;
  const exponent = 31 - Math.clz32(magnitude) - 7;
  const mantissa = (magnitude >> (exponent + 3)) & 15;
  return ~(sign | (exponent << 4) | mantissa) & 0xff;
}

const DECODED = Int16Array.from({ length: 256 }, (_, byte) => expand(byte));
const ENCODED = Uint8Array.from({ length: 65_536 }, (_, bits) =>
  compress((bits << 16) >> 16),
);

/**
 * G.711 μ-law of 16-bit linear samples, one byte each; by table, about a
 * nanosecond a sample.
 */
export function encodeMulaw(pcm: Int16Array): Buffer {
  const mulaw = Buffer.allocUnsafe(pcm.length);
  for (let i = 0; i < pcm.length; i++) {
    mulaw[i] = ENCODED[(pcm[i] ?? 0) & 0xffff] ?? MULAW_SILENCE;
  }
  return mulaw;
}

/** 16-bit linear samples of G.711 μ-law. */
export function decodeMulaw(mulaw: Uint8Array): Int16Array {
  const pcm = new Int16Array(mulaw.length);
  for (let i = 0; i < mulaw.length; i++) {
    pcm[i] = DECODED[mulaw[i] ?? MULAW_SILENCE] ?? 0;
  }
  return pcm;
}

/** How long that much μ-law at 8 kHz plays. */
export function mulawDurationMs(bytes: number): number {
  return bytes / MULAW_BYTES_PER_MS;
}

/** That much silence, in whole samples. */
export function silence(durationMs: number): Buffer {
  return Buffer.alloc(
    Math.round(durationMs * MULAW_BYTES_PER_MS),
    MULAW_SILENCE,
  );
}

/** The 20 ms frames of an utterance; the last one is filled up with silence. */
export function splitFrames(mulaw: Uint8Array): Buffer[] {
  const frames: Buffer[] = [];
  for (let start = 0; start < mulaw.length; start += FRAME_BYTES) {
    const frame = Buffer.alloc(FRAME_BYTES, MULAW_SILENCE);
    frame.set(mulaw.subarray(start, start + FRAME_BYTES));
    frames.push(frame);
  }
  return frames;
}
