import type { Conversation } from "../conversation/state.js";
import type { Cause } from "../machine/draft.js";
import type {
  Effect,
  EffectKind,
  EffectOf,
  Outcome,
} from "../machine/effects.js";
import type { EffectDeps } from "./deps.js";

/** Where the events that are made here say that they come from. */
export const SOURCE = "/broker-orchestrator";

/** What an effect is done for. */
export interface AboutEffect {
  /** As it was stored together with the effect. */
  readonly conversation: Conversation;
  /** The key that the conversation is under. */
  readonly home: string;
  readonly cause: Cause;
}

/** Does one effect, once. Rejects when it could not be done; `retryable` says whether it may be another time. */
export type ExecuteEffect = (
  effect: Effect,
  about: AboutEffect,
  signal: AbortSignal,
) => Promise<Outcome>;

/** How one kind of effect is done. */
export type Executor<K extends EffectKind> = (
  deps: EffectDeps,
  effect: EffectOf<K>,
  about: AboutEffect,
  signal: AbortSignal,
) => Promise<Outcome>;
