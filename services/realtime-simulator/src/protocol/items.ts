import { z } from "zod";
import { isBase64 } from "./base64.js";

const id = z.string().min(1).max(64).optional();
const status = z.enum(["completed", "incomplete", "in_progress"]).optional();
const object = z.literal("realtime.item").optional();
const inputText = z.strictObject({
  type: z.literal("input_text"),
  text: z.string(),
});
const inputAudio = z.strictObject({
  type: z.literal("input_audio"),
  audio: z.string().refine(isBase64, {
    error: "Invalid 'audio'. Expected base64-encoded audio bytes.",
  }),
  transcript: z.string().nullish(),
});
const inputImage = z.strictObject({
  type: z.literal("input_image"),
  image_url: z.string(),
  detail: z.enum(["auto", "low", "high"]).optional(),
});
// The conversation cannot be populated with assistant audio (guide "Realtime conversations").
const outputText = z.strictObject({
  type: z.literal("output_text"),
  text: z.string(),
});

const message = { id, object, status, type: z.literal("message") };
const messageInput = z.discriminatedUnion("role", [
  z.strictObject({
    ...message,
    role: z.literal("system"),
    content: z.array(inputText).min(1),
  }),
  z.strictObject({
    ...message,
    role: z.literal("user"),
    content: z
      .array(z.discriminatedUnion("type", [inputText, inputAudio, inputImage]))
      .min(1),
  }),
  z.strictObject({
    ...message,
    role: z.literal("assistant"),
    content: z.array(z.discriminatedUnion("type", [outputText])).min(1),
  }),
]);
// `^[a-zA-Z0-9_-]+$`: the service refuses call ids with anything else in them.
const callId = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, {
  error:
    "Invalid 'call_id': expected a string of letters, digits, '_' and '-', at most 64 of them.",
});
const functionCallInput = z.strictObject({
  id,
  object,
  status,
  type: z.literal("function_call"),
  call_id: callId.optional(),
  name: z.string(),
  arguments: z.string(),
});
const functionCallOutputInput = z.strictObject({
  id,
  object,
  status,
  type: z.literal("function_call_output"),
  call_id: callId,
  output: z.string(),
});

/** An item as a client may create it. */
export const itemInput = z.discriminatedUnion("type", [
  messageInput,
  functionCallInput,
  functionCallOutputInput,
]);
export type ItemInput = z.infer<typeof itemInput>;

/** What `response.create` takes as input: items of its own, or references to those of the session. */
export const responseInput = z.discriminatedUnion("type", [
  messageInput,
  functionCallInput,
  functionCallOutputInput,
  z.strictObject({ type: z.literal("item_reference"), id: z.string() }),
]);

export type ItemStatus = "completed" | "incomplete" | "in_progress";

export type ContentPart =
  | { type: "input_text"; text: string }
  | { type: "input_audio"; transcript: string | null; audio?: string }
  | { type: "input_image"; image_url: string; detail?: string }
  | { type: "output_text"; text: string }
  | { type: "output_audio"; transcript: string | null; audio?: string };

export interface MessageItem {
  id: string;
  object: "realtime.item";
  type: "message";
  status: ItemStatus;
  role: "system" | "user" | "assistant";
  content: ContentPart[];
}

export interface FunctionCallItem {
  id: string;
  object: "realtime.item";
  type: "function_call";
  status: ItemStatus;
  name: string;
  call_id: string;
  arguments: string;
}

export interface FunctionCallOutputItem {
  id: string;
  object: "realtime.item";
  type: "function_call_output";
  status: ItemStatus;
  call_id: string;
  output: string;
}

/** An item of a conversation, as it is on the wire. */
export type ConversationItem =
  MessageItem | FunctionCallItem | FunctionCallOutputItem;
