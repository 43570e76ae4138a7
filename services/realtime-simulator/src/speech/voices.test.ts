import { Writable } from "node:stream";
import { describe, expect, test } from "@jest/globals";
import { createLogger } from "@easymo/service-kit";
import {
  loudness,
  mulawDurationMs,
  toneVoice,
  type Voice,
} from "@easymo/telephone-audio";
import { CachedVoice } from "./cached-voice.js";
import { createVoice } from "./create-voice.js";
import { LateVoice } from "./late-voice.js";

function silentLogger() {
  return createLogger({ name: "test", level: "silent" });
}

class CountingVoice implements Voice {
  readonly said: string[] = [];
  failing = false;

  async speak(text: string, language: string): Promise<Buffer> {
    this.said.push(`${language}: ${text}`);
    if (this.failing) {
      throw new Error("hoarse");
    }
    return Buffer.alloc(text.length * 10, 1);
  }
}

describe("createVoice", () => {
  test("speaks words in four languages with the synthesizer that is installed", async () => {
    const voice = await createVoice({ logger: silentLogger() });
    try {
      expect(voice.kind).toBe("espeak");
      for (const [text, language] of [
        ["I need brake pads for a moto.", "en"],
        ["Bonjour, je cherche des plaquettes.", "fr"],
        ["Ndashaka feri za moto.", "rw"],
        ["Nahitaji breki za pikipiki.", "sw"],
      ] as const) {
        const audio = await voice.speak(text, language);
        expect(mulawDurationMs(audio.length)).toBeGreaterThan(1000);
        expect(mulawDurationMs(audio.length)).toBeLessThan(6000);
        expect(loudness(audio)).toBeGreaterThan(-35);
      }
    } finally {
      await voice.close();
    }
  });

  test("keeps the event loop free while it synthesizes", async () => {
    const voice = await createVoice({ logger: silentLogger() });
    try {
      const text = "A rather long sentence, said once more. ".repeat(40);
      let turns = 0;
      let done = false;
      const spin = (): void => {
        turns++;
        if (!done) {
          setImmediate(spin);
        }
      };
      spin();
      await voice.speak(text, "en");
      done = true;
      expect(turns).toBeGreaterThan(100);
    } finally {
      await voice.close();
    }
  });

  test("hums, and says so in the log, where no synthesizer is installed", async () => {
    const lines: string[] = [];
    const destination = new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(chunk.toString());
        done();
      },
    });
    const voice = await createVoice({
      logger: createLogger({ name: "test", level: "warn", destination }),
      startSpeech: () => Promise.reject(new Error("Cannot find package")),
    });
    expect(voice.kind).toBe("tone");
    expect(await voice.speak("Muraho", "rw")).toEqual(
      await toneVoice.speak("Muraho", "rw"),
    );
    expect(lines.join("")).toContain("hums");
    await voice.close();
  });

  test("hums when the synthesizer dies, so that nobody hears silence", async () => {
    const voice = await createVoice({ logger: silentLogger() });
    await voice.close();
    expect(await voice.speak("still there", "en")).toEqual(
      await toneVoice.speak("still there", "en"),
    );
  });
});

describe("a cached voice", () => {
  test("says the same words once, and once per language", async () => {
    const inner = new CountingVoice();
    const voice = new CachedVoice(inner);
    const [a, b] = await Promise.all([
      voice.speak("jambo", "sw"),
      voice.speak("jambo", "sw"),
    ]);
    await voice.speak("jambo", "en");
    expect(a).toBe(b);
    expect(inner.said).toEqual(["sw: jambo", "en: jambo"]);
  });

  test("forgets what was said longest ago when it is full", async () => {
    const inner = new CountingVoice();
    const voice = new CachedVoice(inner, { maxBytes: 100 });
    await voice.speak("aaaa", "en");
    await voice.speak("bbbb", "en");
    await voice.speak("aaaa", "en");
    await voice.speak("cccc", "en");
    await voice.speak("aaaa", "en");
    await voice.speak("bbbb", "en");
    expect(inner.said).toEqual([
      "en: aaaa",
      "en: bbbb",
      "en: cccc",
      "en: bbbb",
    ]);
  });

  test("does not remember a failure", async () => {
    const inner = new CountingVoice();
    inner.failing = true;
    const voice = new CachedVoice(inner);
    await expect(voice.speak("x", "en")).rejects.toThrow("hoarse");
    inner.failing = false;
    expect(await voice.speak("x", "en")).toHaveLength(10);
  });
});

describe("a late voice", () => {
  test("is made once, when first needed", async () => {
    let made = 0;
    const voice = new LateVoice(() => {
      made++;
      return createVoice({
        logger: silentLogger(),
        startSpeech: () => Promise.reject(new Error("none")),
      });
    });
    expect(made).toBe(0);
    await Promise.all([voice.start(), voice.speak("hello", "en")]);
    expect(made).toBe(1);
    await voice.close();
  });
});
