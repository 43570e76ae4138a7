import { describe, expect, test } from "@jest/globals";
import {
  decodeMulaw as decode,
  encodeMulaw as encode,
} from "@easymo/telephone-audio";
import { decodeMulaw, encodeMulaw } from "../../console/src/audio/mulaw.js";
import { Resampler } from "../../console/src/audio/resampler.js";

const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);

describe("the page's μ-law", () => {
  test("decodes every byte as the platform does", () => {
    const samples = Array.from(decodeMulaw(everyByte), (s) => s * 32_768 + 0);
    expect(samples).toEqual(Array.from(decode(everyByte)));
  });

  test("encodes as the platform does, and clips what is too loud", () => {
    const linear = Int16Array.from({ length: 4096 }, (_, i) => (i - 2048) * 16);
    const samples = Float32Array.from(linear, (sample) => sample / 32_768);
    expect(Buffer.from(encodeMulaw(samples))).toEqual(encode(linear));
    const loud = encodeMulaw(Float32Array.of(3, -3));
    expect(Buffer.from(loud)).toEqual(encode(Int16Array.of(32_767, -32_768)));
  });
});

describe("the page's resampler", () => {
  const wave = (hz: number, rate: number, count: number) =>
    Float32Array.from({ length: count }, (_, i) =>
      Math.sin((2 * Math.PI * hz * i) / rate),
    );

  test("keeps a tone's pitch and loudness, whatever pieces it comes in", () => {
    const resampler = new Resampler(48_000, 8000);
    const input = wave(440, 48_000, 48_000);
    const pieces: number[] = [];
    for (let at = 0; at < input.length; at += 128) {
      pieces.push(...resampler.push(input.subarray(at, at + 128)));
    }
    expect(pieces).toHaveLength(8000);
    // What comes out is one sample late: the one before the first is silence.
    const errors = pieces.map((sample, i) =>
      Math.abs(sample - (input[i * 6 - 1] ?? 0)),
    );
    const worst = Math.max(...errors);
    expect(worst).toBeLessThan(1e-6);
  });

  test("makes as many samples as the time needs at an odd rate", () => {
    const resampler = new Resampler(44_100, 8000);
    let count = 0;
    for (let i = 0; i < 441; i += 1) {
      count += resampler.push(new Float32Array(100)).length;
    }
    expect(count).toBeGreaterThanOrEqual(7999);
    expect(count).toBeLessThanOrEqual(8001);
  });
});
