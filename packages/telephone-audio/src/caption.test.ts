import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { readCaption, readCaptions, writeCaption } from "./caption.js";
import { decodeMulaw, MULAW_SILENCE, silence, splitFrames } from "./mulaw.js";
import { tone } from "./tone.js";

const captions = fc.record({
  text: fc.string({ unit: "binary", maxLength: 60 }),
  language: fc.constantFrom("en", "fr", "rw", "sw"),
});
const audio = fc
  .uint8Array({ maxLength: 3000 })
  .map((bytes) => Buffer.from(bytes));

describe("a caption", () => {
  test("is read back at any offset amid any other audio", () => {
    fc.assert(
      fc.property(
        audio,
        audio,
        audio,
        captions,
        (before, own, after, caption) => {
          const heard = Buffer.concat([
            before,
            writeCaption(own, caption),
            after,
          ]);
          expect(readCaption(heard)).toEqual(caption);
        },
      ),
    );
  });

  test("survives being split into frames and joined again", () => {
    fc.assert(
      fc.property(audio, captions, (own, caption) => {
        const frames = splitFrames(writeCaption(own, caption));
        expect(readCaption(Buffer.concat(frames))).toEqual(caption);
      }),
    );
  });

  test("is not believed when a single bit of it was flipped", () => {
    fc.assert(
      fc.property(captions, fc.nat(), (caption, where) => {
        const heard = writeCaption(Buffer.alloc(0), caption);
        const at = where % heard.length;
        heard[at] = (heard[at] ?? 0) ^ 1;
        expect(readCaptions(heard)).toEqual([]);
      }),
    );
  });

  test("is not believed when its end is missing", () => {
    const heard = writeCaption(silence(0), { text: "hello", language: "en" });
    expect(readCaption(heard.subarray(0, -1))).toBeUndefined();
    expect(readCaption(heard.subarray(1))).toBeUndefined();
  });

  test("is found with every other one, in the order in which they were said", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(audio, captions)), (utterances) => {
        const heard = Buffer.concat(
          utterances.map(([own, caption]) => writeCaption(own, caption)),
        );
        const said = utterances.map(([, caption]) => caption);
        expect(readCaptions(heard)).toEqual(said);
        expect(readCaption(heard)).toEqual(said.at(-1));
      }),
    );
  });

  test("is found after one that was cut off in the middle", () => {
    const cut = writeCaption(silence(0), { text: "I want", language: "en" });
    const whole = { text: "Ndashaka feri za moto", language: "rw" };
    const heard = Buffer.concat([
      cut.subarray(0, 100),
      writeCaption(tone({ hz: 300, durationMs: 700 }), whole),
    ]);
    expect(readCaptions(heard)).toEqual([whole]);
  });

  test("begins where the speech does, for a listener who records from there", () => {
    const spoken = Buffer.concat([
      silence(900),
      tone({ hz: 300, durationMs: 800 }),
      silence(200),
    ]);
    const caption = { text: "Muraho", language: "rw" };
    const heard = writeCaption(spoken, caption).subarray(890 * 8, 1710 * 8);
    expect(readCaption(heard)).toEqual(caption);
  });

  test("moves no sample by more than one step of μ-law, and keeps the length", () => {
    const spoken = tone({ hz: 300, durationMs: 1500 });
    const written = writeCaption(spoken, { text: "Muraho", language: "rw" });
    expect(written).toHaveLength(spoken.length);
    expect(written.every((b, i) => (b ^ (spoken[i] ?? 0)) <= 1)).toBe(true);
    expect(written.equals(spoken)).toBe(false);
    const quiet = writeCaption(silence(500), { text: "", language: "sw" });
    expect(Math.max(...decodeMulaw(quiet))).toBeLessThanOrEqual(8);
  });

  test("leaves the audio that it was given alone", () => {
    const spoken = tone({ hz: 300, durationMs: 300 });
    const copy = Buffer.from(spoken);
    writeCaption(spoken, { text: "Muraho", language: "rw" });
    expect(spoken).toEqual(copy);
  });

  test("fills audio that is too short up with silence", () => {
    const written = writeCaption(Buffer.alloc(3, MULAW_SILENCE), {
      text: "Habari",
      language: "sw",
    });
    expect(written.every((b) => (b | 1) === MULAW_SILENCE)).toBe(true);
  });

  test("is in no audio that nobody captioned", () => {
    fc.assert(
      fc.property(audio, (noise) => {
        expect(readCaptions(noise)).toEqual([]);
      }),
    );
    expect(readCaption(tone({ hz: 440, durationMs: 2000 }))).toBeUndefined();
  });

  test("that is longer than a caption can be is refused", () => {
    const caption = { text: "x".repeat(70_000), language: "en" };
    expect(() => writeCaption(silence(20), caption)).toThrow(RangeError);
  });
});
