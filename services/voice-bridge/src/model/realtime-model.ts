import type { Agent } from "@easymo/routing";
import type { ModelAudio } from "../media/audio-slice.js";
import type { ModelEvent } from "./model-events.js";

/** A tool as the model is told of it; `parameters` is a JSON Schema. */
export interface ToolDefinition {
  readonly name: string;
  readonly description: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface SessionSetup {
  /**
   * The call that the model's own carrier has, which the session joins from
   * the side; undefined when the caller's audio goes through us.
   */
  readonly sideBandCallId: string | undefined;
  readonly agent: Agent;
  readonly instructions: string;
  readonly tools: readonly ToolDefinition[];
}

/** One past turn, for a session that takes up a conversation. */
export interface PastTurn {
  readonly role: "user" | "assistant" | "system";
  readonly text: string;
}

export interface ResponseRequest {
  /** Unique in the call; comes back in `response_started` and `error`. */
  readonly requestId: string;
  readonly instructions?: string;
  /** Only speech is wanted, no tool calls. */
  readonly speechOnly?: boolean;
}

/** A port: one adapter per maker of models. Nothing here waits or throws. */
export interface RealtimeModel {
  /** Opens a session; what becomes of it is told to the listener. */
  open(setup: SessionSetup, listener: ModelSessionListener): ModelSession;
}

export interface ModelSessionListener {
  /** The session is configured; audio and requests may be sent. */
  ready(): void;
  /** Hot path: `delta` is only valid during the call. */
  audio(delta: ModelAudio): void;
  event(event: ModelEvent): void;
  /** Told once, unless `close` was called. */
  closed(reason: ModelCloseReason, detail: string): void;
}

export type ModelCloseReason =
  "unreachable" | "rejected" | "dropped" | "expired" | "garbage" | "stalled";

export interface ModelSession {
  /** Hot path: base64 mu-law in `buffer[start, end)`, appended as it stands. */
  appendAudio(buffer: Buffer, start: number, end: number): void;
  addTurn(turn: PastTurn): void;
  addToolResult(callId: string, output: string): void;
  createResponse(request: ResponseRequest): void;
  cancelResponse(): void;
  /** `audioEndMs`: how much of the item's audio was heard. */
  truncate(itemId: string, contentIndex: number, audioEndMs: number): void;
  /** Drops what the model's own carrier has to play yet. */
  clearPlayback(): void;
  /** From now on the caller's speech neither interrupts nor is answered. */
  stopListening(): void;
  close(): void;
}
