import { z } from "zod";
import type { ModelEvent, ModelUsage } from "../model-events.js";

/**
 * OpenAI Realtime's server events that a call needs, parsed at the edge.
 * Source: https://platform.openai.com/docs/api-reference/realtime-server-events
 */

const id = z.string().min(1);
const text = z.string().catch("");
const tokens = z.number().catch(0);

/** The metadata key under which a request's id comes back. */
export const REQUEST_ID_KEY = "request_id";

const details = z
  .object({
    text_tokens: tokens,
    audio_tokens: tokens,
    cached_tokens: tokens,
  })
  .partial()
  .nullish();

const usageSchema = z
  .object({ input_token_details: details, output_token_details: details })
  .nullish()
  .catch(undefined);

const functionCall = z.object({
  type: z.literal("function_call"),
  call_id: id,
  name: id,
  arguments: text,
});

const responseSchema = z.object({
  id,
  status: z
    .enum(["completed", "cancelled", "failed", "incomplete", "in_progress"])
    .catch("completed"),
  status_details: z
    .object({ reason: z.string().optional() })
    .nullish()
    .catch(undefined),
  metadata: z.record(z.string(), z.string()).nullish().catch(undefined),
  usage: usageSchema,
  output: z.array(z.unknown()).catch([]),
});

const errorSchema = z.object({
  code: z.string().nullish().catch(undefined),
  type: z.string().nullish().catch(undefined),
  message: text,
  event_id: z.string().nullish().catch(undefined),
});

const schemas = {
  "session.updated": z.object({}),
  "input_audio_buffer.speech_started": z.object({ item_id: text }),
  "input_audio_buffer.speech_stopped": z.object({ item_id: text }),
  "conversation.item.input_audio_transcription.completed": z.object({
    item_id: id,
    transcript: text,
  }),
  "input_audio_buffer.dtmf_event_received": z.object({
    event: z.string().regex(/^[0-9*#A-D]$/),
  }),
  "output_audio_buffer.started": z.object({ response_id: id }),
  "output_audio_buffer.stopped": z.object({ response_id: id }),
  "output_audio_buffer.cleared": z.object({ response_id: id }),
  "response.created": z.object({ response: responseSchema }),
  "response.output_item.added": z.object({
    response_id: id,
    item: z.object({ id, type: z.string() }),
  }),
  "response.output_audio.delta": z.object({
    response_id: id,
    item_id: id,
    delta: z.base64(),
  }),
  "response.output_audio.done": z.object({ item_id: id }),
  "response.output_audio_transcript.delta": z.object({
    item_id: id,
    delta: text,
  }),
  "response.output_audio_transcript.done": z.object({
    item_id: id,
    transcript: text,
  }),
  "response.function_call_arguments.done": z.object({
    response_id: id,
    call_id: id,
    name: z.string().optional(),
    arguments: text,
  }),
  "response.output_item.done": z.object({
    response_id: id,
    item: z.unknown(),
  }),
  "response.done": z.object({ response: responseSchema }),
  error: z.object({ error: errorSchema }),
} as const;

/** What one message of the model comes to. */
export type ServerMessage =
  | { kind: "session_ready" }
  | { kind: "audio"; itemId: string; responseId: string; base64: string }
  | { kind: "events"; events: ModelEvent[] }
  | { kind: "error"; event: Extract<ModelEvent, { type: "error" }> }
  | { kind: "ignored" }
  | { kind: "garbage" };

const envelope = z.object({ type: z.string() });
const IGNORED: ServerMessage = { kind: "ignored" };
const GARBAGE: ServerMessage = { kind: "garbage" };

/** Reads any message; never throws. An event of an unknown type is ignored. */
export function readServerMessage(message: string): ServerMessage {
  let json: unknown;
  try {
    json = JSON.parse(message);
  } catch {
    return GARBAGE;
  }
  const head = envelope.safeParse(json);
  if (!head.success) return GARBAGE;
  const { type } = head.data;
  if (!isKnown(type)) return IGNORED;
  try {
    return read(type, json);
  } catch (error) {
    if (error instanceof z.ZodError) return GARBAGE;
    throw error;
  }
}

function isKnown(type: string): type is keyof typeof schemas {
  return Object.hasOwn(schemas, type);
}

function read(type: keyof typeof schemas, json: unknown): ServerMessage {
  switch (type) {
    case "session.updated":
      return { kind: "session_ready" };
    case "input_audio_buffer.speech_started":
      return one({
        type: "speech_started",
        itemId: schemas[type].parse(json).item_id,
      });
    case "input_audio_buffer.speech_stopped":
      return one({
        type: "speech_stopped",
        itemId: schemas[type].parse(json).item_id,
      });
    case "conversation.item.input_audio_transcription.completed": {
      const { item_id: itemId, transcript } = schemas[type].parse(json);
      return one({ type: "user_transcript", itemId, text: transcript });
    }
    case "input_audio_buffer.dtmf_event_received":
      return one({ type: "digit", digit: schemas[type].parse(json).event });
    case "output_audio_buffer.started":
      return one({
        type: "playback_started",
        responseId: schemas[type].parse(json).response_id,
      });
    case "output_audio_buffer.stopped":
    case "output_audio_buffer.cleared":
      return one({
        type: "playback_ended",
        responseId: schemas[type].parse(json).response_id,
        heard: type === "output_audio_buffer.stopped",
      });
    case "response.created": {
      const { response } = schemas[type].parse(json);
      return one({
        type: "response_started",
        responseId: response.id,
        requestId: response.metadata?.[REQUEST_ID_KEY],
      });
    }
    case "response.output_item.added": {
      const { response_id: responseId, item } = schemas[type].parse(json);
      return item.type === "message"
        ? one({ type: "item_started", responseId, itemId: item.id })
        : IGNORED;
    }
    case "response.output_audio.delta": {
      const delta = schemas[type].parse(json);
      return {
        kind: "audio",
        itemId: delta.item_id,
        responseId: delta.response_id,
        base64: delta.delta,
      };
    }
    case "response.output_audio.done":
      return one({
        type: "audio_complete",
        itemId: schemas[type].parse(json).item_id,
      });
    case "response.output_audio_transcript.delta": {
      const { item_id: itemId, delta } = schemas[type].parse(json);
      return one({ type: "agent_transcript_delta", itemId, text: delta });
    }
    case "response.output_audio_transcript.done": {
      const { item_id: itemId, transcript } = schemas[type].parse(json);
      return one({ type: "agent_transcript", itemId, text: transcript });
    }
    case "response.function_call_arguments.done": {
      const call = schemas[type].parse(json);
      // Older servers name the function in the item only, which is done next.
      if (call.name === undefined) return IGNORED;
      return one({
        type: "tool_called",
        responseId: call.response_id,
        callId: call.call_id,
        name: call.name,
        arguments: call.arguments,
      });
    }
    case "response.output_item.done": {
      const { response_id: responseId, item } = schemas[type].parse(json);
      return { kind: "events", events: toolCalls(responseId, [item]) };
    }
    case "response.done":
      return { kind: "events", events: responseDone(json) };
    case "error": {
      const { error } = schemas[type].parse(json);
      return {
        kind: "error",
        event: {
          type: "error",
          code: error.code ?? error.type ?? "unknown",
          message: error.message,
          requestId: error.event_id ?? undefined,
        },
      };
    }
  }
}

function one(event: ModelEvent): ServerMessage {
  return { kind: "events", events: [event] };
}

function responseDone(json: unknown): ModelEvent[] {
  const { response } = schemas["response.done"].parse(json);
  const { status } = response;
  return [
    ...toolCalls(response.id, response.output),
    {
      type: "response_done",
      responseId: response.id,
      status: status === "in_progress" ? "completed" : status,
      reason: response.status_details?.reason,
      usage: usageOf(response.usage),
    },
  ];
}

function toolCalls(responseId: string, items: unknown[]): ModelEvent[] {
  return items.flatMap((item) => {
    const call = functionCall.safeParse(item);
    if (!call.success) return [];
    return [
      {
        type: "tool_called" as const,
        responseId,
        callId: call.data.call_id,
        name: call.data.name,
        arguments: call.data.arguments,
      },
    ];
  });
}

function usageOf(usage: z.infer<typeof usageSchema>): ModelUsage {
  const input = usage?.input_token_details;
  const output = usage?.output_token_details;
  const kinds: Record<string, number | undefined> = {
    input_text: input?.text_tokens,
    input_audio: input?.audio_tokens,
    input_cached: input?.cached_tokens,
    output_text: output?.text_tokens,
    output_audio: output?.audio_tokens,
  };
  return Object.fromEntries(
    Object.entries(kinds).flatMap(([kind, count]) =>
      count === undefined || count <= 0 ? [] : [[kind, Math.round(count)]],
    ),
  );
}
