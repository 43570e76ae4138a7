import { z } from "zod";
import { isBase64 } from "./base64.js";
import { listValues, ProtocolError } from "./errors.js";
import { itemInput, responseInput } from "./items.js";
import {
  audioFormat,
  functionTool,
  maxOutputTokens,
  outputModalities,
  prompt,
  reasoning,
  sessionUpdate,
  toolChoice,
  voice,
} from "./session-config.js";
import { parseParameters } from "./validation.js";

const eventId = z.string().max(512).optional();

// "Set of 16 key-value pairs …; keys at most 64 characters, values at most 512" (RealtimeResponseCreateParams.metadata).
const metadata = z
  .record(z.string().max(64), z.string().max(512))
  .refine((pairs) => Object.keys(pairs).length <= 16, {
    error: "Invalid 'metadata': expected at most 16 key-value pairs.",
  });

const responseParameters = z.strictObject({
  audio: z
    .strictObject({
      output: z
        .strictObject({
          format: audioFormat.optional(),
          voice: voice.optional(),
        })
        .optional(),
    })
    .optional(),
  conversation: z.enum(["auto", "none"]).optional(),
  input: z.array(responseInput).optional(),
  instructions: z.string().optional(),
  max_output_tokens: maxOutputTokens.optional(),
  metadata: metadata.nullable().optional(),
  output_modalities: outputModalities.optional(),
  parallel_tool_calls: z.boolean().optional(),
  prompt: prompt.optional(),
  reasoning: reasoning.optional(),
  tool_choice: toolChoice.optional(),
  tools: z.array(functionTool).optional(),
});
export type ResponseParameters = z.infer<typeof responseParameters>;

const schemas = {
  "session.update": z.strictObject({
    type: z.literal("session.update"),
    event_id: eventId,
    session: sessionUpdate,
  }),
  "input_audio_buffer.append": z.strictObject({
    type: z.literal("input_audio_buffer.append"),
    event_id: eventId,
    audio: z.string().refine(isBase64, {
      error: "Invalid 'audio'. Expected base64-encoded audio bytes.",
    }),
  }),
  "input_audio_buffer.commit": z.strictObject({
    type: z.literal("input_audio_buffer.commit"),
    event_id: eventId,
  }),
  "input_audio_buffer.clear": z.strictObject({
    type: z.literal("input_audio_buffer.clear"),
    event_id: eventId,
  }),
  "output_audio_buffer.clear": z.strictObject({
    type: z.literal("output_audio_buffer.clear"),
    event_id: eventId,
  }),
  "conversation.item.create": z.strictObject({
    type: z.literal("conversation.item.create"),
    event_id: eventId,
    previous_item_id: z.string().nullish(),
    item: itemInput,
  }),
  "conversation.item.retrieve": z.strictObject({
    type: z.literal("conversation.item.retrieve"),
    event_id: eventId,
    item_id: z.string(),
  }),
  "conversation.item.truncate": z.strictObject({
    type: z.literal("conversation.item.truncate"),
    event_id: eventId,
    item_id: z.string(),
    content_index: z.int().min(0),
    audio_end_ms: z.int().min(0),
  }),
  "conversation.item.delete": z.strictObject({
    type: z.literal("conversation.item.delete"),
    event_id: eventId,
    item_id: z.string(),
  }),
  "response.create": z.strictObject({
    type: z.literal("response.create"),
    event_id: eventId,
    response: responseParameters.optional(),
  }),
  "response.cancel": z.strictObject({
    type: z.literal("response.cancel"),
    event_id: eventId,
    response_id: z.string().optional(),
  }),
} as const;

type Schemas = typeof schemas;
type ClientEventType = keyof Schemas;
export type ClientEventOf<T extends ClientEventType> = z.infer<Schemas[T]>;
export type ClientEvent = {
  [T in ClientEventType]: ClientEventOf<T>;
}[ClientEventType];

/** Every event type that a client may send over a WebSocket. */
const clientEventTypes = Object.keys(schemas);

/**
 * Checks one decoded client event.
 *
 * @throws ProtocolError naming the parameter that is wrong.
 */
export function parseClientEvent(value: unknown): ClientEvent {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ProtocolError(
      "invalid_event",
      "The event must be a JSON object with a 'type'.",
    );
  }
  const type: unknown = Reflect.get(value, "type");
  if (type === undefined) {
    throw new ProtocolError(
      "missing_required_parameter",
      "Missing required parameter: 'type'.",
      "type",
    );
  }
  if (typeof type !== "string" || !isClientEventType(type)) {
    throw new ProtocolError(
      "invalid_value",
      `Invalid value: '${typeof type === "string" ? type : JSON.stringify(type)}'. Supported values are: ${listValues(clientEventTypes)}.`,
      "type",
    );
  }
  return parseParameters<ClientEvent>(schemas[type], value);
}

/** The `event_id` that the client gave, so that an error can name it. */
export function eventIdOf(value: unknown): string | null {
  if (typeof value === "object" && value !== null && "event_id" in value) {
    return typeof value.event_id === "string" ? value.event_id : null;
  }
  return null;
}

function isClientEventType(type: string): type is ClientEventType {
  return Object.hasOwn(schemas, type);
}
