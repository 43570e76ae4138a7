import type { ModelAudio } from "../../media/audio-slice.js";
import { endOfBase64 } from "../../media/base64.js";

const DELTA_TYPE = Buffer.from('"type":"response.output_audio.delta"');
const DELTA_KEY = Buffer.from('"delta":"');
const ITEM_KEY = Buffer.from('"item_id":"');
const RESPONSE_KEY = Buffer.from('"response_id":"');
const QUOTE = 0x22;
/** The type stands at the front of what OpenAI writes; ids are short. */
const TYPE_WITHIN_BYTES = 160;

export type AudioDeltaScan = "audio" | "malformed" | "other";

/**
 * Finds the audio of a `response.output_audio.delta` event without parsing it.
 * `other` means that it is another event, or written in another form, and has
 * to be parsed.
 */
export function scanAudioDelta(
  message: Buffer,
  out: ModelAudio,
): AudioDeltaScan {
  const front =
    message.length > TYPE_WITHIN_BYTES
      ? message.subarray(0, TYPE_WITHIN_BYTES)
      : message;
  if (!front.includes(DELTA_TYPE)) return "other";
  const key = message.indexOf(DELTA_KEY);
  if (key === -1) return "other";
  const start = key + DELTA_KEY.length;
  const end = endOfBase64(message, start);
  if (end === -1 || message[end] !== QUOTE) return "malformed";
  const itemId = stringAfter(message, ITEM_KEY);
  const responseId = stringAfter(message, RESPONSE_KEY);
  if (itemId === undefined || responseId === undefined) return "other";
  out.buffer = message;
  out.start = start;
  out.end = end;
  out.itemId = itemId;
  out.responseId = responseId;
  return "audio";
}

function stringAfter(message: Buffer, key: Buffer): string | undefined {
  const at = message.indexOf(key);
  if (at === -1) return undefined;
  const start = at + key.length;
  const end = message.indexOf(QUOTE, start);
  return end === -1 ? undefined : message.toString("latin1", start, end);
}
