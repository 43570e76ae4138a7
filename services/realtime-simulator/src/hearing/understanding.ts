import {
  FRAME_BYTES,
  FRAME_MS,
  loudness,
  readCaptions,
} from "@easymo/telephone-audio";

/** What the offline model makes of an utterance. */
export type Heard =
  /** A synthetic caller, whose audio says what it means. */
  | {
      readonly kind: "words";
      readonly text: string;
      readonly language: string;
    }
  /** Anybody else: that someone spoke, and for how long. */
  | { readonly kind: "sound"; readonly seconds: number };

const AUDIBLE_DBFS = -46;

/** Recognises a synthetic caller's words by the captions in the audio; measures everything else. */
export function hear(mulaw: Buffer): Heard {
  const captions = readCaptions(mulaw);
  const language = captions.at(-1)?.language;
  if (language !== undefined) {
    const text = captions.map((caption) => caption.text).join(" ");
    return { kind: "words", text, language };
  }
  return { kind: "sound", seconds: audibleMs(mulaw) / 1000 };
}

/** What a transcription of it reads. */
export function transcriptOf(heard: Heard): string {
  if (heard.kind === "words") {
    return heard.text;
  }
  return heard.seconds === 0 ? "" : `[${heard.seconds.toFixed(1)} s of speech]`;
}

/** From the first audible frame to the end of the last one. */
function audibleMs(mulaw: Buffer): number {
  let first = -1;
  let last = -1;
  for (let at = 0; at < mulaw.length; at += FRAME_BYTES) {
    if (loudness(mulaw.subarray(at, at + FRAME_BYTES)) >= AUDIBLE_DBFS) {
      first = first < 0 ? at : first;
      last = at;
    }
  }
  return first < 0 ? 0 : ((last - first) / FRAME_BYTES + 1) * FRAME_MS;
}
