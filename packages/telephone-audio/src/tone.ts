import { encodeMulaw, MULAW_SAMPLE_RATE_HZ } from "./mulaw.js";

export interface ToneOptions {
  /** One frequency, or several that sound together (a telephone key is two). */
  readonly hz: number | readonly number[];
  readonly durationMs: number;
  /** RMS loudness of the steady part; -20 by default, about that of loud speech. */
  readonly levelDbfs?: number;
  /** Rise and fall at the ends, so that it does not click; 5 ms by default. */
  readonly fadeMs?: number;
}

/** A sine, or a chord of sines, as μ-law at 8 kHz. */
export function tone(options: ToneOptions): Buffer {
  const { durationMs, levelDbfs = -20, fadeMs = 5 } = options;
  const frequencies =
    typeof options.hz === "number" ? [options.hz] : options.hz;
  const length = Math.round((durationMs * MULAW_SAMPLE_RATE_HZ) / 1000);
  const fade = Math.max(1, (fadeMs * MULAW_SAMPLE_RATE_HZ) / 1000);
  // The RMS of n equal sines of amplitude a is a × √(n / 2).
  const amplitude =
    (32_767 * 10 ** (levelDbfs / 20)) / Math.sqrt(frequencies.length / 2);
  const pcm = new Int16Array(length);
  for (let i = 0; i < length; i++) {
    const envelope = Math.min(1, i / fade, (length - 1 - i) / fade);
    let sum = 0;
    for (const hz of frequencies) {
      sum += Math.sin((2 * Math.PI * hz * i) / MULAW_SAMPLE_RATE_HZ);
    }
    const sample = Math.round(amplitude * envelope * sum);
    pcm[i] = Math.max(-32_768, Math.min(32_767, sample));
  }
  return encodeMulaw(pcm);
}
