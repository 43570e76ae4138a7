import type { Bus, Store } from "@easymo/messaging";
import type { Clock, Logger, Metrics } from "@easymo/service-kit";
import type { Conversation } from "../conversation/state.js";
import type { ExecuteEffect } from "../effects/executor.js";
import type { Situations } from "./situations.js";

/** Reads a conversation as it is now, to see whether something may still be done. */
export type PeekConversation = (
  tenantId: string,
  home: string,
) => Promise<Conversation | undefined>;

export interface OrchestratorOptions {
  readonly bus: Bus;
  readonly store: Store;
  readonly situations: Situations;
  execute(peek: PeekConversation): ExecuteEffect;
  readonly retryDelaysMs: readonly number[];
  readonly conversationTtlMs: number;
  /** What is left undone is looked for when nobody has been at it for so long. */
  readonly patienceMs: number;
  /** How long `stop` waits for effects that are at work. */
  readonly stopTimeoutMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}
