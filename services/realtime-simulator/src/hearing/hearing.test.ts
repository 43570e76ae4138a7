import { describe, expect, test } from "@jest/globals";
import {
  decodeMulaw,
  silence,
  splitFrames,
  tone,
  writeCaption,
} from "@easymo/telephone-audio";
import { toWire, WireDecoder } from "./audio-format.js";
import { type HearingEvent, InputAudio } from "./input-audio.js";
import { vadSettings } from "./turn-detection.js";
import { hear, transcriptOf } from "./understanding.js";

const SETTINGS = { thresholdDbfs: -40, prefixPaddingMs: 300, silenceMs: 500 };

function listen(audio: Buffer, chunkBytes = 160): HearingEvent[] {
  const input = new InputAudio();
  const events: HearingEvent[] = [];
  for (let at = 0; at < audio.length; at += chunkBytes) {
    events.push(...input.append(audio.subarray(at, at + chunkBytes), SETTINGS));
  }
  return events;
}

function speech(durationMs: number, levelDbfs = -20): Buffer {
  return tone({ hz: 300, durationMs, levelDbfs });
}

describe("the detector of speech", () => {
  test("says where speech began, padding included, and where it ended, silence included", () => {
    const [started, stopped, ...more] = listen(
      Buffer.concat([silence(1000), speech(800), silence(700)]),
    );
    expect(started).toEqual({ kind: "started", startMs: 700 });
    expect(stopped).toMatchObject({ utterance: { endMs: 2300 } });
    expect(more).toEqual([]);
    if (stopped?.kind === "stopped") {
      expect(stopped.utterance.audio).toHaveLength((2300 - 700) * 8);
    }
  });

  test.each([37, 160, 999, 100_000])(
    "hears the same however the audio is cut (%i bytes)",
    (chunkBytes) => {
      const audio = Buffer.concat([
        silence(400),
        speech(500),
        silence(600),
        speech(300),
        silence(600),
      ]);
      expect(listen(audio, chunkBytes)).toEqual(listen(audio));
      expect(listen(audio)).toHaveLength(4);
    },
  );

  test("takes a pause within a sentence for what it is", () => {
    const audio = Buffer.concat([
      speech(400),
      silence(400),
      speech(400),
      silence(520),
    ]);
    expect(listen(audio).map((event) => event.kind)).toEqual([
      "started",
      "stopped",
    ]);
  });

  test("does not hear the hiss of the line, nor a click", () => {
    const hiss = speech(2000, -50);
    const click = speech(15);
    expect(listen(Buffer.concat([hiss, silence(100), click, hiss]))).toEqual(
      [],
    );
  });

  test("begins no utterance before the end of the last one", () => {
    const events = listen(
      Buffer.concat([speech(400), silence(500), speech(400), silence(500)]),
    );
    const starts = events.flatMap((e) =>
      e.kind === "started" ? e.startMs : [],
    );
    expect(starts).toEqual([0, 900]);
  });

  test("a higher threshold wants louder speech", () => {
    const at = (threshold: number) =>
      vadSettings({
        type: "server_vad",
        threshold,
        prefix_padding_ms: 300,
        silence_duration_ms: 500,
        idle_timeout_ms: null,
        create_response: true,
        interrupt_response: true,
      })?.thresholdDbfs;
    expect([at(0), at(0.5), at(1)]).toEqual([-55, -40, -25]);
    expect(vadSettings(null)).toBeNull();
  });
});

describe("understanding", () => {
  const caption = { text: "Ndashaka feri za moto", language: "rw" };

  test("recognises a synthetic caller's words in what the detector commits", () => {
    const spoken = writeCaption(speech(900), caption);
    const events = listen(Buffer.concat([silence(500), spoken, silence(600)]));
    const stopped = events.find((event) => event.kind === "stopped");
    expect(stopped && hear(stopped.utterance.audio)).toEqual({
      kind: "words",
      ...caption,
    });
  });

  test("joins what was said without a pause", () => {
    const spoken = Buffer.concat([
      writeCaption(speech(600), { text: "Hello.", language: "en" }),
      writeCaption(speech(900), { text: "I need a tyre.", language: "en" }),
    ]);
    expect(hear(spoken)).toEqual({
      kind: "words",
      text: "Hello. I need a tyre.",
      language: "en",
    });
  });

  test("says of anybody else how long they spoke, pauses included, silence around not", () => {
    const heard = hear(
      Buffer.concat([
        silence(300),
        speech(1000),
        silence(300),
        speech(1000),
        silence(500),
      ]),
    );
    expect(heard).toEqual({ kind: "sound", seconds: 2.3 });
    expect(transcriptOf(heard)).toBe("[2.3 s of speech]");
    expect(transcriptOf(hear(silence(1000)))).toBe("");
  });
});

describe("audio formats", () => {
  test("μ-law is passed on as it is", () => {
    const audio = speech(100);
    expect(toWire(audio, { type: "audio/pcmu" })).toBe(audio);
    expect(new WireDecoder().decode(audio, { type: "audio/pcmu" })).toBe(audio);
  });

  test("PCM at 24 kHz is the same sound, in pieces of any length", () => {
    const audio = speech(500);
    const format = { type: "audio/pcm", rate: 24_000 } as const;
    const wire = toWire(audio, format);
    expect(wire).toHaveLength(500 * 48);
    const decoder = new WireDecoder();
    const pieces: Buffer[] = [];
    for (let at = 0; at < wire.length; at += 961) {
      pieces.push(decoder.decode(wire.subarray(at, at + 961), format));
    }
    const back = decodeMulaw(Buffer.concat(pieces));
    expect(back).toHaveLength(4000);
    expect(hear(Buffer.concat(pieces))).toEqual({
      kind: "sound",
      seconds: 0.5,
    });
    expect(splitFrames(Buffer.concat(pieces))).toHaveLength(25);
  });
});
