import { expect, test } from "@jest/globals";
import { systemClock } from "@easymo/service-kit";
import { silence, tone } from "@easymo/telephone-audio";
import type { HearingEvent } from "../hearing/input-audio.js";
import { CallerAudio } from "./caller-audio.js";

const settings = { thresholdDbfs: -40, prefixPaddingMs: 300, silenceMs: 500 };

/** What has been sent is read after the timers that are due. */
const timersHaveRun = (): Promise<void> =>
  new Promise((resolve) => setTimeout(() => setImmediate(resolve), 0));

test("what somebody says stays one utterance when this process stands still in the middle of it", async () => {
  const heard: HearingEvent[] = [];
  const audio = new CallerAudio(systemClock, (event) => heard.push(event));
  const append = (mulaw: Buffer): void =>
    audio.append(mulaw.toString("base64"), { type: "audio/pcmu" }, settings);
  append(tone({ hz: 300, durationMs: 400 }));
  const startedMs = performance.now();
  while (performance.now() - startedMs < 2_000);
  await timersHaveRun();
  append(tone({ hz: 300, durationMs: 400 }));
  append(silence(600));
  audio.close();
  expect(heard.map(({ kind }) => kind)).toEqual(["started", "stopped"]);
});
