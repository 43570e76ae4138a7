/** The languages that the offline model understands and answers in. */
export type Language = "en" | "fr" | "rw" | "sw";

export type Json =
  string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** One thing that happened in the conversation, as the model remembers it. */
export type Turn =
  /** Words of the caller; the language is known when the caller's voice said so. */
  | {
      readonly kind: "caller";
      readonly text: string;
      readonly language?: string | undefined;
    }
  /** Someone spoke, and it could not be understood. */
  | { readonly kind: "sound"; readonly seconds: number }
  /** Words of the agent; null when they were cut off and so forgotten. */
  | { readonly kind: "agent"; readonly text: string | null }
  | {
      readonly kind: "call";
      readonly callId: string;
      readonly name: string;
      readonly arguments: string;
    }
  | {
      readonly kind: "output";
      readonly callId: string;
      readonly output: string;
    };

/** A tool as the session offers it; `parameters` is its JSON schema. */
export interface OfferedTool {
  readonly name: string;
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
}

type ToolChoice = "auto" | "none" | "required" | { readonly name: string };

/** All that a decision depends on. */
export interface Situation {
  readonly instructions: string;
  /** Those of this one response, when the client gave some. */
  readonly responseInstructions?: string | undefined;
  readonly tools: readonly OfferedTool[];
  readonly toolChoice: ToolChoice;
  readonly history: readonly Turn[];
}

export interface Speech {
  readonly text: string;
  readonly language: Language;
}

export interface ToolCall {
  readonly name: string;
  readonly arguments: JsonObject;
}

/** What the model does next: it speaks, or calls a tool. */
export type Step =
  | { readonly kind: "say"; readonly speech: Speech }
  | { readonly kind: "call"; readonly call: ToolCall };
