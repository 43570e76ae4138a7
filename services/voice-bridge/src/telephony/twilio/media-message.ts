import type { AudioSlice } from "../../media/audio-slice.js";
import { endOfBase64 } from "../../media/base64.js";
import { indexWithin, standsAt } from "../../media/byte-search.js";

const MEDIA_HEAD = Buffer.from('{"event":"media"');
const PAYLOAD_KEY = Buffer.from('"payload":"');
const MARK_HEAD = Buffer.from('{"event":"mark"');
const NAME_KEY = Buffer.from('"name":"');
const BACKSLASH = 0x5c;
const QUOTE = 0x22;

export type MediaScan = "media" | "malformed" | "other";

/**
 * Finds the audio in a Media Streams `media` message, which is
 * `message[start, end)`, without parsing it:
 * <https://www.twilio.com/docs/voice/media-streams/websocket-messages>.
 *
 * `other` means that the message is not in the form that Twilio writes (or is
 * no `media` message at all) and has to be parsed.
 */
export function scanMediaMessage(
  message: Buffer,
  start: number,
  end: number,
  out: AudioSlice,
): MediaScan {
  if (end - start < 40 || !standsAt(message, MEDIA_HEAD, start)) return "other";
  const key = indexWithin(message, PAYLOAD_KEY, start + MEDIA_HEAD.length, end);
  if (key === -1) return "other";
  const audioAt = key + PAYLOAD_KEY.length;
  const audioEnd = endOfBase64(message, audioAt);
  if (audioEnd === -1 || audioEnd >= end || message[audioEnd] !== QUOTE)
    return "malformed";
  out.buffer = message;
  out.start = audioAt;
  out.end = audioEnd;
  return "media";
}

/**
 * The name in a returned `mark`, found without parsing; undefined when the
 * message is another one, or in another form, and has to be parsed.
 */
export function scanMarkMessage(
  message: Buffer,
  start: number,
  end: number,
): string | undefined {
  if (end - start < 40 || !standsAt(message, MARK_HEAD, start))
    return undefined;
  const key = indexWithin(message, NAME_KEY, start + MARK_HEAD.length, end);
  if (key === -1) return undefined;
  const nameAt = key + NAME_KEY.length;
  for (let at = nameAt; at < end; at++) {
    const character = message[at];
    if (character === QUOTE) return message.toString("latin1", nameAt, at);
    if (character === BACKSLASH) return undefined;
  }
  return undefined;
}
