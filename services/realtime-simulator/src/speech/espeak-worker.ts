// Runs in a thread of its own: synthesis takes tens of milliseconds of CPU for a sentence.
import { parentPort } from "node:worker_threads";
import { encodeMulaw, resample } from "@easymo/telephone-audio";

const SYNTHESIZER_RATE_HZ = 22_050;
const TELEPHONE_RATE_HZ = 8000;
// There is no Kinyarwanda voice; the Swahili one reads Bantu spelling best.
const VOICES: Readonly<Record<string, string>> = {
  en: "en",
  fr: "fr",
  rw: "sw",
  sw: "sw",
};

// Loaded when it is needed: an optional dependency, under the GPL, that may well not be installed.
const { default: initialize } =
  await import("@echogarden/espeak-ng-emscripten");
const { eSpeakNGWorker: Synthesizer } = await initialize();
const synthesizer = new Synthesizer();

function speak(text: string, language: string): Buffer {
  synthesizer.set_voice(VOICES[language] ?? "en");
  const pieces: Int16Array[] = [];
  synthesizer.synthesize(text, (samples) => {
    if (samples && samples.length > 0) {
      pieces.push(samples.slice());
    }
  });
  const pcm = new Int16Array(pieces.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const piece of pieces) {
    pcm.set(piece, at);
    at += piece.length;
  }
  return encodeMulaw(resample(pcm, SYNTHESIZER_RATE_HZ, TELEPHONE_RATE_HZ));
}

parentPort?.on(
  "message",
  (request: { id: number; text: string; language: string }) => {
    try {
      const mulaw = Uint8Array.from(speak(request.text, request.language));
      parentPort?.postMessage({ id: request.id, mulaw }, [mulaw.buffer]);
    } catch (error) {
      parentPort?.postMessage({ id: request.id, error: String(error) });
    }
  },
);
parentPort?.postMessage({ ready: true });
