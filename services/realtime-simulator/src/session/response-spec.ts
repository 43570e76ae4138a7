import type { Clock, Logger } from "@easymo/service-kit";
import type { Voice } from "@easymo/telephone-audio";
import type { Situation } from "../brain/types.js";
import type { Fault, Faults } from "../faults.js";
import type { ServerEvent } from "../protocol/server-events.js";
import type { AudioFormat } from "../protocol/session-config.js";
import type { Entry } from "./conversation.js";
import type { Ids } from "./ids.js";
import type { Tokens } from "./tokens.js";

/** How the model's thinking and speaking pass in time. */
export interface Pace {
  /** From the request to the first audio. */
  readonly thinkMs: number;
  /** Audio in one delta. */
  readonly chunkMs: number;
  /** How much faster than real time audio is sent; `Infinity`: all at once. */
  readonly speed: number;
}

/** Everything about a response that is settled before it begins. */
export interface ResponseSpec {
  readonly id: string;
  /** Null when it is no part of the conversation. */
  readonly conversationId: string | null;
  readonly modality: "audio" | "text";
  readonly maxOutputTokens: number | "inf";
  readonly format: AudioFormat;
  readonly voice: string;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly situation: Situation;
  readonly input: Tokens;
  /** Input that an earlier response of the session has read already. */
  readonly earlierInput: Tokens;
  readonly tokensLeft: number;
  readonly fault: Fault | undefined;
}

export interface ResponseSurroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly voice: Voice;
  readonly pace: Pace;
  readonly ids: Ids;
  readonly faults: Faults;
  emit(event: ServerEvent): void;
  /** Adds an item to the conversation; the id of the one before it. */
  place(entry: Entry): string | null;
  /** Audio of the response has been sent. */
  spoke(durationMs: number): void;
  /** The connection dies without a word. */
  drop(): void;
  /** `response.done` has been sent. */
  done(spec: ResponseSpec): void;
}

/** What an account may use in a minute. */
export const TOKENS_PER_MINUTE = 2_000_000;

/** "Emitted at the beginning of a Response to indicate the updated rate limits." */
export function rateLimits(tokensLeft: number): ServerEvent {
  return {
    type: "rate_limits.updated",
    rate_limits: [
      {
        name: "tokens",
        limit: TOKENS_PER_MINUTE,
        remaining: Math.max(0, tokensLeft),
        reset_seconds: 0,
      },
    ],
  };
}
