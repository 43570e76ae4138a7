import type { Translation } from "./relay.js";

const PAYLOAD = '"payload":"';
const DELTA = '"delta":"';
const DELTA_TYPE = '"type":"response.output_audio.delta"';
const NOTHING: readonly string[] = [];

/** Finds the audio in the text, cuts it out, puts it between two constants. */
export function splicing(): Translation {
  return {
    toModel: (message) => {
      const audio = between(message.toString("latin1"), PAYLOAD);
      return audio === undefined
        ? undefined
        : `{"type":"input_audio_buffer.append","audio":"${audio}"}`;
    },
    toCaller: (message, streamSid) => {
      const text = message.toString("latin1");
      if (!text.includes(DELTA_TYPE)) return NOTHING;
      const audio = between(text, DELTA);
      return audio === undefined
        ? NOTHING
        : [
            `{"event":"media","streamSid":"${streamSid}","media":{"payload":"${audio}"}}`,
          ];
    },
  };
}

/** The same, with a mark behind each piece of audio, as interruption needs it. */
export function splicingWithMarks(): Translation {
  const plain = splicing();
  let marks = 0;
  return {
    toModel: (message) => plain.toModel(message),
    toCaller: (message, streamSid) => {
      const media = plain.toCaller(message, streamSid);
      return media.length === 0
        ? media
        : [
            ...media,
            `{"event":"mark","streamSid":"${streamSid}","mark":{"name":"m${++marks}"}}`,
          ];
    },
  };
}

function between(text: string, key: string): string | undefined {
  const at = text.indexOf(key);
  if (at === -1) return undefined;
  const start = at + key.length;
  return text.slice(start, text.indexOf('"', start));
}
