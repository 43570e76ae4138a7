import type { ConversationItem } from "../protocol/items.js";
import type { ResponseUsage } from "../protocol/server-events.js";
import type { FunctionTool } from "../protocol/session-config.js";

// "User audio is 1 token per 100 ms, assistant audio 1 token per 50 ms" (guide "Managing costs").
const USER_AUDIO_MS_PER_TOKEN = 100;
const ASSISTANT_AUDIO_MS_PER_TOKEN = 50;
const CHARACTERS_PER_TOKEN = 4;

/** Tokens by kind. */
export interface Tokens {
  readonly text: number;
  readonly audio: number;
}

export const NO_TOKENS: Tokens = { text: 0, audio: 0 };

export function addTokens(a: Tokens, b: Tokens): Tokens {
  return { text: a.text + b.text, audio: a.audio + b.audio };
}

export function textTokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

export function userAudioTokens(durationMs: number): number {
  return Math.ceil(durationMs / USER_AUDIO_MS_PER_TOKEN);
}

export function assistantAudioTokens(durationMs: number): number {
  return Math.ceil(durationMs / ASSISTANT_AUDIO_MS_PER_TOKEN);
}

/** What the instructions and the tools' definitions take of each response's input. */
export function promptTokens(
  instructions: string,
  tools: readonly FunctionTool[],
): Tokens {
  const definitions = tools.length === 0 ? "" : JSON.stringify(tools);
  return {
    text: textTokens(instructions) + textTokens(definitions),
    audio: 0,
  };
}

/** What an item takes of the input of a later response. */
export function itemTokens(item: ConversationItem, audioMs: number): Tokens {
  switch (item.type) {
    case "function_call":
      return { text: textTokens(item.name + item.arguments), audio: 0 };
    case "function_call_output":
      return { text: textTokens(item.output), audio: 0 };
    case "message":
      return {
        // The transcript of the caller's audio is for reference; the model is not given it.
        text: item.content.reduce(
          (sum, part) =>
            sum +
            (part.type === "input_text" || part.type === "output_text"
              ? textTokens(part.text)
              : part.type === "output_audio"
                ? textTokens(part.transcript ?? "")
                : 0),
          0,
        ),
        audio:
          item.role === "assistant"
            ? assistantAudioTokens(audioMs)
            : userAudioTokens(audioMs),
      };
  }
}

/** The usage of a response: `cached` is what of the input an earlier response had already read. */
export function usageOf(
  input: Tokens,
  output: Tokens,
  earlier: Tokens,
): ResponseUsage {
  const cached = {
    text_tokens: Math.min(input.text, earlier.text),
    audio_tokens: Math.min(input.audio, earlier.audio),
    image_tokens: 0,
  };
  const inputTokens = input.text + input.audio;
  const outputTokens = output.text + output.audio;
  return {
    total_tokens: inputTokens + outputTokens,
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    input_token_details: {
      text_tokens: input.text,
      audio_tokens: input.audio,
      image_tokens: 0,
      cached_tokens: cached.text_tokens + cached.audio_tokens,
      cached_tokens_details: cached,
    },
    output_token_details: {
      text_tokens: output.text,
      audio_tokens: output.audio,
    },
  };
}
