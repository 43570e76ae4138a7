import type { TurnDetection } from "../protocol/session-config.js";
import type { VadSettings } from "./input-audio.js";

const QUIETEST_DBFS = -55;
const RANGE_DB = 30;
const SEMANTIC_PADDING_MS = 300;
// Without a model of meaning, eagerness is a matter of patience.
const SEMANTIC_SILENCE_MS = { low: 1500, medium: 800, auto: 800, high: 400 };

/**
 * The detector's settings for a session's turn detection. A threshold of 0.5
 * is -40 dBFS, between the hiss of a line and quiet speech; 1 is -25, 0 is -55.
 */
export function vadSettings(
  detection: TurnDetection | null,
): VadSettings | null {
  switch (detection?.type) {
    case undefined:
      return null;
    case "server_vad":
      return {
        thresholdDbfs: QUIETEST_DBFS + RANGE_DB * detection.threshold,
        prefixPaddingMs: detection.prefix_padding_ms,
        silenceMs: detection.silence_duration_ms,
      };
    case "semantic_vad":
      return {
        thresholdDbfs: QUIETEST_DBFS + RANGE_DB / 2,
        prefixPaddingMs: SEMANTIC_PADDING_MS,
        silenceMs: SEMANTIC_SILENCE_MS[detection.eagerness],
      };
  }
}
