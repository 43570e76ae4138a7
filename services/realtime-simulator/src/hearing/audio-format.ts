import {
  decodeMulaw,
  encodeMulaw,
  MULAW_SAMPLE_RATE_HZ,
  resample,
} from "@easymo/telephone-audio";
import type { AudioFormat } from "../protocol/session-config.js";

const PCM_RATE_HZ = 24_000;

/** The simulator's own μ-law as the wire wants it. */
export function toWire(mulaw: Buffer, format: AudioFormat): Buffer {
  if (format.type === "audio/pcmu") {
    return mulaw;
  }
  const pcm = resample(decodeMulaw(mulaw), MULAW_SAMPLE_RATE_HZ, PCM_RATE_HZ);
  const wire = Buffer.allocUnsafe(pcm.length * 2);
  pcm.forEach((sample, i) => wire.writeInt16LE(sample, i * 2));
  return wire;
}

/** Audio off the wire as the simulator's own μ-law; half a sample waits for its other half. */
export class WireDecoder {
  #rest: Buffer = Buffer.alloc(0);

  decode(wire: Buffer, format: AudioFormat): Buffer {
    if (format.type === "audio/pcmu") {
      return wire;
    }
    // Three samples at 24 kHz are one at 8 kHz.
    const bytes = Buffer.concat([this.#rest, wire]);
    const whole = bytes.length - (bytes.length % 6);
    this.#rest = bytes.subarray(whole);
    const pcm = Int16Array.from({ length: whole / 2 }, (_, i) =>
      bytes.readInt16LE(i * 2),
    );
    return encodeMulaw(resample(pcm, PCM_RATE_HZ, MULAW_SAMPLE_RATE_HZ));
  }
}
