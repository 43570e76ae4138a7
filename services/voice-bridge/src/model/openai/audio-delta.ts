import type { ModelAudio } from "../../media/audio-slice.js";
import { endOfBase64 } from "../../media/base64.js";
import { asciiWithin, indexWithin } from "../../media/byte-search.js";

const DELTA_TYPE = Buffer.from('"type":"response.output_audio.delta"');
const DELTA_KEY = Buffer.from('"delta":"');
const ITEM_KEY = Buffer.from('"item_id":"');
const RESPONSE_KEY = Buffer.from('"response_id":"');
const QUOTE = 0x22;
/** The type stands at the front of what OpenAI writes; ids are short. */
const TYPE_WITHIN_BYTES = 160;

export type AudioDeltaScan = "audio" | "malformed" | "other";

/**
 * Finds the audio of a `response.output_audio.delta` event, which is
 * `message[start, end)`, without parsing it. `other` means that it is another
 * event, or written in another form, and has to be parsed.
 *
 * `out` is best the one of the delta before: ids that have not changed are not
 * made again.
 */
export function scanAudioDelta(
  message: Buffer,
  start: number,
  end: number,
  out: ModelAudio,
): AudioDeltaScan {
  const front = Math.min(end, start + TYPE_WITHIN_BYTES);
  if (indexWithin(message, DELTA_TYPE, start, front) === -1) return "other";
  const key = indexWithin(message, DELTA_KEY, start, end);
  if (key === -1) return "other";
  const audioAt = key + DELTA_KEY.length;
  const audioEnd = endOfBase64(message, audioAt);
  if (audioEnd === -1 || audioEnd >= end || message[audioEnd] !== QUOTE)
    return "malformed";
  const around = { message, start, key, audioEnd, end };
  const itemId = stringBeside(around, ITEM_KEY, out.itemId);
  const responseId = stringBeside(around, RESPONSE_KEY, out.responseId);
  if (itemId === undefined || responseId === undefined) return "other";
  out.buffer = message;
  out.start = audioAt;
  out.end = audioEnd;
  out.itemId = itemId;
  out.responseId = responseId;
  return "audio";
}

interface Around {
  readonly message: Buffer;
  readonly start: number;
  readonly key: number;
  readonly audioEnd: number;
  readonly end: number;
}

/** The string behind `key`, which stands before the audio or after it. */
function stringBeside(
  { message, start, key: audioKey, audioEnd, end }: Around,
  key: Buffer,
  known: string,
): string | undefined {
  let at = indexWithin(message, key, start, audioKey);
  if (at === -1) at = indexWithin(message, key, audioEnd, end);
  if (at === -1) return undefined;
  const from = at + key.length;
  const to = message.indexOf(QUOTE, from);
  return to === -1 || to >= end
    ? undefined
    : asciiWithin(message, from, to, known);
}
