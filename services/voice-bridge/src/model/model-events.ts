/**
 * What a speech-to-speech model tells a call, whoever makes the model. Audio
 * is not here: it takes the path of `ModelSessionListener.audio`.
 */
export type ModelEvent =
  | { type: "speech_started"; itemId: string }
  | { type: "speech_stopped"; itemId: string }
  | { type: "user_transcript"; itemId: string; text: string }
  | {
      type: "response_started";
      responseId: string;
      /** The id given to `createResponse`, when it was one of ours. */
      requestId: string | undefined;
    }
  | { type: "item_started"; responseId: string; itemId: string }
  | { type: "agent_transcript_delta"; itemId: string; text: string }
  | { type: "agent_transcript"; itemId: string; text: string }
  | { type: "audio_complete"; itemId: string }
  | {
      type: "tool_called";
      responseId: string;
      callId: string;
      name: string;
      /** JSON text, as the model wrote it. */
      arguments: string;
    }
  | {
      type: "response_done";
      responseId: string;
      status: "completed" | "cancelled" | "failed" | "incomplete";
      reason: string | undefined;
      usage: ModelUsage;
    }
  /** Of calls whose audio the model's own carrier has. */
  | { type: "digit"; digit: string }
  | { type: "playback_started"; responseId: string }
  | { type: "playback_ended"; responseId: string; heard: boolean }
  | {
      type: "error";
      code: string;
      message: string;
      /** The request that the error answers, when it answers one. */
      requestId: string | undefined;
    };

/** Tokens by kind: `input_audio`, `input_text`, `input_cached`, `output_audio`, `output_text`. */
export type ModelUsage = Readonly<Record<string, number>>;
