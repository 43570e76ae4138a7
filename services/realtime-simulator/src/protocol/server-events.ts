import type { ErrorDetails } from "./errors.js";
import type { ConversationItem } from "./items.js";
import type { AudioFormat, SessionConfig } from "./session-config.js";

export type ResponseStatus =
  "in_progress" | "completed" | "cancelled" | "failed" | "incomplete";

export interface ResponseStatusDetails {
  readonly type: Exclude<ResponseStatus, "in_progress">;
  readonly reason?: "turn_detected" | "client_cancelled" | "max_output_tokens";
  readonly error?: {
    readonly type: string;
    readonly code: string;
    readonly message: string;
  };
}

export interface ResponseUsage {
  readonly total_tokens: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly input_token_details: {
    readonly text_tokens: number;
    readonly audio_tokens: number;
    readonly image_tokens: number;
    readonly cached_tokens: number;
    readonly cached_tokens_details: {
      readonly text_tokens: number;
      readonly audio_tokens: number;
      readonly image_tokens: number;
    };
  };
  readonly output_token_details: {
    readonly text_tokens: number;
    readonly audio_tokens: number;
  };
}

export interface ResponseResource {
  readonly object: "realtime.response";
  readonly id: string;
  readonly status: ResponseStatus;
  readonly status_details: ResponseStatusDetails | null;
  readonly output: readonly ConversationItem[];
  readonly conversation_id: string | null;
  readonly output_modalities: readonly ("text" | "audio")[];
  readonly max_output_tokens: number | "inf";
  readonly audio: {
    readonly output: {
      readonly format: AudioFormat;
      readonly voice: string;
    };
  };
  readonly usage: ResponseUsage | null;
  readonly metadata: Readonly<Record<string, string>> | null;
}

interface OfResponse {
  readonly response_id: string;
  readonly output_index: number;
}
interface OfItem extends OfResponse {
  readonly item_id: string;
}
interface OfPart extends OfItem {
  readonly content_index: number;
}
interface Placed {
  readonly previous_item_id: string | null;
  readonly item: ConversationItem;
}
type SpokenPart =
  | { readonly type: "audio"; readonly transcript: string }
  | { readonly type: "text"; readonly text: string };

interface ServerEvents {
  error: {
    readonly error: ErrorDetails & { readonly event_id: string | null };
  };
  "session.created": { readonly session: SessionConfig };
  "session.updated": { readonly session: SessionConfig };
  "input_audio_buffer.speech_started": {
    readonly audio_start_ms: number;
    readonly item_id: string;
  };
  "input_audio_buffer.speech_stopped": {
    readonly audio_end_ms: number;
    readonly item_id: string;
  };
  "input_audio_buffer.timeout_triggered": {
    readonly audio_start_ms: number;
    readonly audio_end_ms: number;
    readonly item_id: string;
  };
  "input_audio_buffer.committed": {
    readonly previous_item_id: string | null;
    readonly item_id: string;
  };
  "input_audio_buffer.cleared": object;
  "input_audio_buffer.dtmf_event_received": {
    readonly event: string;
    readonly received_at: number;
  };
  "output_audio_buffer.started": { readonly response_id: string };
  "output_audio_buffer.stopped": { readonly response_id: string };
  "output_audio_buffer.cleared": { readonly response_id: string };
  "conversation.item.added": Placed;
  "conversation.item.done": Placed;
  "conversation.item.retrieved": { readonly item: ConversationItem };
  "conversation.item.deleted": { readonly item_id: string };
  "conversation.item.truncated": {
    readonly item_id: string;
    readonly content_index: number;
    readonly audio_end_ms: number;
  };
  "conversation.item.input_audio_transcription.delta": {
    readonly item_id: string;
    readonly content_index: number;
    readonly delta: string;
  };
  "conversation.item.input_audio_transcription.completed": {
    readonly item_id: string;
    readonly content_index: number;
    readonly transcript: string;
    readonly usage:
      | {
          readonly type: "tokens";
          readonly total_tokens: number;
          readonly input_tokens: number;
          readonly input_token_details: {
            readonly text_tokens: number;
            readonly audio_tokens: number;
          };
          readonly output_tokens: number;
        }
      | { readonly type: "duration"; readonly seconds: number };
  };
  "response.created": { readonly response: ResponseResource };
  "response.done": { readonly response: ResponseResource };
  "response.output_item.added": OfResponse & { item: ConversationItem };
  "response.output_item.done": OfResponse & { item: ConversationItem };
  "response.content_part.added": OfPart & { readonly part: SpokenPart };
  "response.content_part.done": OfPart & { readonly part: SpokenPart };
  "response.output_audio.delta": OfPart & { readonly delta: string };
  "response.output_audio.done": OfPart;
  "response.output_audio_transcript.delta": OfPart & { readonly delta: string };
  "response.output_audio_transcript.done": OfPart & {
    readonly transcript: string;
  };
  "response.output_text.delta": OfPart & { readonly delta: string };
  "response.output_text.done": OfPart & { readonly text: string };
  "response.function_call_arguments.delta": OfItem & {
    readonly call_id: string;
    readonly delta: string;
  };
  "response.function_call_arguments.done": OfItem & {
    readonly call_id: string;
    readonly name: string;
    readonly arguments: string;
  };
  "rate_limits.updated": {
    readonly rate_limits: readonly {
      readonly name: "requests" | "tokens";
      readonly limit: number;
      readonly remaining: number;
      readonly reset_seconds: number;
    }[];
  };
}

export type ServerEventType = keyof ServerEvents;

/** A server event before it is given its `event_id`. */
export type ServerEvent = {
  [T in ServerEventType]: { readonly type: T } & ServerEvents[T];
}[ServerEventType];

/** A server event of one type, as a client receives it. */
export type ReceivedEvent<T extends ServerEventType> = {
  readonly type: T;
  readonly event_id: string;
} & ServerEvents[T];
