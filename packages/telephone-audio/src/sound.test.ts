import { describe, expect, test } from "@jest/globals";
import { LOUDNESS_FLOOR_DBFS, loudness } from "./loudness.js";
import { decodeMulaw, mulawDurationMs, silence } from "./mulaw.js";
import { resample } from "./resample.js";
import { tone } from "./tone.js";
import { toneVoice } from "./voice.js";

/** How much of a frequency is in the samples, as RMS. */
function level(pcm: Int16Array, hz: number, rateHz: number): number {
  let re = 0;
  let im = 0;
  pcm.forEach((sample, i) => {
    re += sample * Math.cos((2 * Math.PI * hz * i) / rateHz);
    im += sample * Math.sin((2 * Math.PI * hz * i) / rateHz);
  });
  return (Math.hypot(re, im) * Math.SQRT2) / pcm.length;
}

function sine(hz: number, rateHz: number, samples: number): Int16Array {
  return Int16Array.from({ length: samples }, (_, i) =>
    Math.round(10_000 * Math.sin((2 * Math.PI * hz * i) / rateHz)),
  );
}

describe("loudness", () => {
  test.each([-10, -20, -30, -45])("of a tone made at %i dBFS is that", (db) => {
    const sound = tone({ hz: 440, durationMs: 1000, levelDbfs: db });
    expect(Math.abs(loudness(sound) - db)).toBeLessThan(0.3);
  });

  test("of silence and of nothing is the floor, a number", () => {
    expect(loudness(silence(20))).toBe(LOUDNESS_FLOOR_DBFS);
    expect(loudness(Buffer.alloc(0))).toBe(LOUDNESS_FLOOR_DBFS);
  });

  test("of a chord is that of the whole chord", () => {
    const key5 = tone({ hz: [770, 1336], durationMs: 500, levelDbfs: -15 });
    expect(Math.abs(loudness(key5) + 15)).toBeLessThan(0.3);
    const pcm = decodeMulaw(key5);
    expect(level(pcm, 770, 8000)).toBeGreaterThan(1000);
    expect(level(pcm, 1336, 8000)).toBeGreaterThan(1000);
    expect(level(pcm, 1000, 8000)).toBeLessThan(100);
  });
});

describe("resampling", () => {
  test("keeps what both rates can carry, and the duration", () => {
    const out = resample(sine(1000, 22_050, 22_050), 22_050, 8000);
    expect(out).toHaveLength(8000);
    expect(Math.abs(level(out, 1000, 8000) - 10_000 / Math.SQRT2)).toBeLessThan(
      100,
    );
  });

  test("removes what the lower rate cannot carry instead of folding it back", () => {
    const out = resample(sine(5500, 22_050, 22_050), 22_050, 8000);
    expect(level(out, 2500, 8000)).toBeLessThan(30);
  });

  test("upwards adds no frequency that was not there", () => {
    const out = resample(sine(1000, 8000, 8000), 8000, 24_000);
    expect(out).toHaveLength(24_000);
    expect(level(out, 1000, 24_000)).toBeGreaterThan(6900);
    expect(level(out, 7000, 24_000)).toBeLessThan(30);
  });

  test("to the same rate is a copy", () => {
    const pcm = sine(440, 8000, 100);
    const copy = resample(pcm, 8000, 8000);
    expect(copy).toEqual(pcm);
    expect(copy).not.toBe(pcm);
  });

  test("refuses a rate that is none", () => {
    expect(() => resample(Int16Array.of(1), 0, 8000)).toThrow(RangeError);
    expect(() => resample(Int16Array.of(1), 8000, 0.5)).toThrow(RangeError);
  });
});

describe("the tone voice", () => {
  test("sounds the same for the same text, and differs for another", async () => {
    const one = await toneVoice.speak("Muraho neza.", "rw");
    expect(await toneVoice.speak("Muraho neza.", "rw")).toEqual(one);
    expect(await toneVoice.speak("Mwiriwe cyane.", "rw")).not.toEqual(one);
  });

  test("is as loud as speech and about as long", async () => {
    const sound = await toneVoice.speak(
      "I need brake pads for a moto in Kimironko.",
      "en",
    );
    expect(loudness(sound)).toBeGreaterThan(-28);
    expect(mulawDurationMs(sound.length)).toBeGreaterThan(1500);
    expect(mulawDurationMs(sound.length)).toBeLessThan(4500);
  });

  test("says nothing when there is nothing to say", async () => {
    expect(await toneVoice.speak(" … ", "en")).toHaveLength(0);
  });
});
