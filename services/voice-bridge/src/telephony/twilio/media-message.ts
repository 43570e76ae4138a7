import type { AudioSlice } from "../../media/audio-slice.js";
import { endOfBase64 } from "../../media/base64.js";

const MEDIA_HEAD = Buffer.from('{"event":"media"');
const PAYLOAD_KEY = Buffer.from('"payload":"');
const MARK_HEAD = Buffer.from('{"event":"mark"');
const NAME_KEY = Buffer.from('"name":"');
const BACKSLASH = 0x5c;
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
  if (message.length < 40 || !startsWith(message, MEDIA_HEAD)) return "other";
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

/**
 * The name in a returned `mark`, found without parsing; undefined when the
 * message is another one, or in another form, and has to be parsed.
 */
export function scanMarkMessage(message: Buffer): string | undefined {
  if (!startsWith(message, MARK_HEAD)) return undefined;
  const key = message.indexOf(NAME_KEY, MARK_HEAD.length);
  if (key === -1) return undefined;
  const start = key + NAME_KEY.length;
  let end = start;
  for (; end < message.length; end++) {
    const character = message[end];
    if (character === QUOTE) return message.toString("latin1", start, end);
    if (character === BACKSLASH) return undefined;
  }
  return undefined;
}

function startsWith(message: Buffer, head: Buffer): boolean {
  for (let i = 0; i < head.length; i++)
    if (message[i] !== head[i]) return false;
  return true;
}
