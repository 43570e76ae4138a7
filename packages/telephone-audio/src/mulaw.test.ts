import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  decodeMulaw,
  encodeMulaw,
  FRAME_BYTES,
  MULAW_SILENCE,
  mulawDurationMs,
  silence,
  splitFrames,
} from "./mulaw.js";

describe("G.711 μ-law", () => {
  test("has the values of the ITU's table", () => {
    const bytes = [0x00, 0x01, 0x0f, 0x10, 0x7e, 0x7f, 0x80, 0x8f, 0xfe, 0xff];
    expect([...decodeMulaw(Uint8Array.from(bytes))]).toEqual([
      -32124, -31100, -16764, -15996, -8, 0, 32124, 16764, 8, 0,
    ]);
  });

  test("encodes zero as the silence of a telephone line", () => {
    expect(encodeMulaw(Int16Array.of(0))[0]).toBe(MULAW_SILENCE);
  });

  test("clips what is too loud instead of wrapping round", () => {
    expect([...encodeMulaw(Int16Array.of(32_767, -32_768))]).toEqual([
      0x80, 0x00,
    ]);
  });

  test("every byte survives decoding and encoding, but for the second zero", () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const expected = Buffer.from(all);
    expected[0x7f] = MULAW_SILENCE;
    expect(encodeMulaw(decodeMulaw(all))).toEqual(expected);
  });

  test("decode(encode(x)) is within half a step of x, whatever x is", () => {
    for (let sample = -32_635; sample <= 32_635; sample++) {
      const decoded =
        decodeMulaw(encodeMulaw(Int16Array.of(sample)))[0] ?? Number.NaN;
      const segment = Math.floor(Math.log2(Math.abs(sample) + 132)) - 7;
      const halfStep = 4 * 2 ** segment;
      if (Math.abs(decoded - sample) > halfStep) {
        throw new Error(`${sample} came back as ${decoded}`);
      }
    }
  });

  test("keeps the order of samples: louder never becomes quieter", () => {
    const ramp = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
    const decoded = decodeMulaw(encodeMulaw(ramp));
    expect(decoded.every((v, i) => i === 0 || v >= (decoded[i - 1] ?? 0))).toBe(
      true,
    );
  });
});

describe("frames", () => {
  test("are 160 bytes of 20 ms each, the last one filled with silence", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1000 }), (audio) => {
        const frames = splitFrames(audio);
        expect(frames.every((frame) => frame.length === FRAME_BYTES)).toBe(
          true,
        );
        const joined = Buffer.concat(frames);
        expect(joined.subarray(0, audio.length)).toEqual(Buffer.from(audio));
        expect(
          joined.subarray(audio.length).every((b) => b === MULAW_SILENCE),
        ).toBe(true);
        expect(joined.length - audio.length).toBeLessThan(FRAME_BYTES);
      }),
    );
  });

  test("silence lasts as long as it was asked to", () => {
    expect(mulawDurationMs(silence(120).length)).toBe(120);
  });
});
