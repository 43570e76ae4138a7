import type { Translation } from "./relay.js";

const NOTHING: readonly string[] = [];

/** What most bridges do: parse each message, pick the audio, write a new one. */
export function parsing(): Translation {
  return {
    toModel: (message) => {
      const parsed: unknown = JSON.parse(message.toString());
      return isMedia(parsed)
        ? JSON.stringify({
            type: "input_audio_buffer.append",
            audio: parsed.media.payload,
          })
        : undefined;
    },
    toCaller: (message, streamSid) => {
      const parsed: unknown = JSON.parse(message.toString());
      return isDelta(parsed)
        ? [
            JSON.stringify({
              event: "media",
              streamSid,
              media: { payload: parsed.delta },
            }),
          ]
        : NOTHING;
    },
  };
}

interface Media {
  readonly event: "media";
  readonly media: { readonly payload: string };
}

interface Delta {
  readonly type: "response.output_audio.delta";
  readonly delta: string;
}

function isMedia(message: unknown): message is Media {
  return has(message, "event") && message.event === "media";
}

function isDelta(message: unknown): message is Delta {
  return has(message, "type") && message.type === "response.output_audio.delta";
}

function has<K extends string>(
  message: unknown,
  key: K,
): message is Record<K, unknown> {
  return typeof message === "object" && message !== null && key in message;
}
