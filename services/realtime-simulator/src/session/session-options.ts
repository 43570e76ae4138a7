import type { Clock, Logger } from "@easymo/service-kit";
import type { Voice } from "@easymo/telephone-audio";
import type { Faults } from "../faults.js";
import type { ConversationItem } from "../protocol/items.js";
import type { Line } from "./line.js";
import type { Pace } from "./response-spec.js";

/** The connection under a session. */
export interface Transport {
  send(text: string): void;
  /** Ends it properly. */
  close(code: number, reason: string): void;
  /** Cuts it, as a network does. */
  terminate(): void;
}

export interface SessionOptions {
  readonly transport: Transport;
  /** Of a call over SIP, whose audio the session hears and speaks by itself. */
  readonly line?: Line;
  readonly model: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly voice: Voice;
  readonly pace: Pace;
  readonly faults: Faults;
  readonly maxDurationMs: number;
}

/** What can be seen of a session from outside. */
export interface SessionView {
  readonly id: string;
  readonly model: string;
  readonly openedAtMs: number;
  readonly instructions: string;
  readonly tools: readonly string[];
  readonly receivedAudioBytes: number;
  readonly responses: number;
  readonly items: readonly ConversationItem[];
}
