export {
  type Caption,
  readCaption,
  readCaptions,
  writeCaption,
} from "./caption.js";
export { LOUDNESS_FLOOR_DBFS, loudness } from "./loudness.js";
export {
  decodeMulaw,
  encodeMulaw,
  FRAME_BYTES,
  FRAME_MS,
  MULAW_BYTES_PER_MS,
  MULAW_SAMPLE_RATE_HZ,
  MULAW_SILENCE,
  mulawDurationMs,
  silence,
  splitFrames,
} from "./mulaw.js";
export { resample } from "./resample.js";
export { tone, type ToneOptions } from "./tone.js";
export { toneVoice, type Voice } from "./voice.js";
