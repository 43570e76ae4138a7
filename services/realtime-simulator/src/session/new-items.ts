import { mulawDurationMs } from "@easymo/telephone-audio";
import { toWire, WireDecoder } from "../hearing/audio-format.js";
import { hear, transcriptOf } from "../hearing/understanding.js";
import type { ConversationItem, ItemInput } from "../protocol/items.js";
import type { AudioFormat } from "../protocol/session-config.js";
import type { Entry } from "./conversation.js";
import type { Ids } from "./ids.js";

/** An item of the conversation out of what a client created. */
export function entryOf(
  input: ItemInput,
  ids: Ids,
  format: AudioFormat,
): Entry {
  const common = {
    id: input.id ?? ids.next("item"),
    object: "realtime.item",
    status: "completed",
  } as const;
  switch (input.type) {
    case "function_call":
      return {
        item: {
          ...common,
          type: "function_call",
          name: input.name,
          call_id: input.call_id ?? ids.next("call"),
          arguments: input.arguments,
        },
        audioMs: 0,
      };
    case "function_call_output":
      return {
        item: {
          ...common,
          type: "function_call_output",
          call_id: input.call_id,
          output: input.output,
        },
        audioMs: 0,
      };
    case "message":
      return messageEntry(input, common, format);
  }
}

function messageEntry(
  input: Extract<ItemInput, { type: "message" }>,
  common: { id: string; object: "realtime.item"; status: "completed" },
  format: AudioFormat,
): Entry {
  const sounds: Buffer[] = [];
  const content = input.content.map((part) => {
    switch (part.type) {
      case "input_audio": {
        const wire = Buffer.from(part.audio, "base64");
        sounds.push(new WireDecoder().decode(wire, format));
        return {
          type: "input_audio" as const,
          transcript: part.transcript ?? null,
        };
      }
      case "input_image":
        return {
          type: "input_image" as const,
          image_url: part.image_url,
          ...(part.detail === undefined ? {} : { detail: part.detail }),
        };
      case "input_text":
      case "output_text":
        return part;
    }
  });
  const item: ConversationItem = {
    ...common,
    type: "message",
    role: input.role,
    content,
  };
  return sounds.length === 0
    ? { item, audioMs: 0 }
    : { item, ...soundOf(Buffer.concat(sounds)) };
}

/** The caller's words, out of the input audio buffer. */
export function utteranceEntry(
  itemId: string,
  mulaw: Buffer,
): Entry & { heard: NonNullable<Entry["heard"]> } {
  const item: ConversationItem = {
    id: itemId,
    object: "realtime.item",
    type: "message",
    status: "completed",
    role: "user",
    content: [{ type: "input_audio", transcript: null }],
  };
  return { item, ...soundOf(mulaw) };
}

/** The item with its audio, as `conversation.item.retrieved` shows it. */
export function withAudio(entry: Entry, format: AudioFormat): ConversationItem {
  const { item, audio } = entry;
  if (item.type !== "message" || !audio) {
    return item;
  }
  const base64 = toWire(audio, format).toString("base64");
  return {
    ...item,
    content: item.content.map((part) =>
      part.type === "input_audio" || part.type === "output_audio"
        ? { ...part, audio: base64 }
        : part,
    ),
  };
}

/** The caller's item once its transcription is there. */
export function setTranscript(entry: Entry, transcript: string): void {
  const part =
    entry.item.type === "message" ? entry.item.content[0] : undefined;
  if (part?.type === "input_audio") {
    part.transcript = transcript;
  }
}

/** What a transcription service would have written. */
export function transcriptFor(entry: Entry): string {
  return entry.heard ? transcriptOf(entry.heard) : "";
}

function soundOf(audio: Buffer) {
  return { audio, audioMs: mulawDurationMs(audio.length), heard: hear(audio) };
}
