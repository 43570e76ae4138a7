import type { AudioSlice } from "../../media/audio-slice.js";
import { endOfBase64 } from "../../media/base64.js";

const MEDIA_HEAD = Buffer.from('{"event":"media"');
const PAYLOAD_KEY = Buffer.from('"payload":"');
const QUOTE = 0x22;

export type MediaScan = "media" | "malformed" | "other";

/**
 * Finds the audio in a Media Streams `media` message without parsing it:
 * <https://www.twilio.com/docs/voice/media-streams/websocket-messages>.
 *
 * `other` means that the message is not in the form that Twilio writes (or is
 * no `media` message at all) and has to be parsed.
 */
export function scanMediaMessage(message: Buffer, out: AudioSlice): MediaScan {
  if (message.length < 40 || !startsWithMedia(message)) return "other";
  const key = message.indexOf(PAYLOAD_KEY, MEDIA_HEAD.length);
  if (key === -1) return "other";
  const start = key + PAYLOAD_KEY.length;
  const end = endOfBase64(message, start);
  if (end === -1 || message[end] !== QUOTE) return "malformed";
  out.buffer = message;
  out.start = start;
  out.end = end;
  return "media";
}

function startsWithMedia(message: Buffer): boolean {
  for (let i = 0; i < MEDIA_HEAD.length; i++)
    if (message[i] !== MEDIA_HEAD[i]) return false;
  return true;
}
