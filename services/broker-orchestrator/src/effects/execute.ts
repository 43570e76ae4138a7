import type { Conversation } from "../conversation/state.js";
import type { Cause } from "../machine/draft.js";
import type {
  Effect,
  EffectKind,
  EffectOf,
  Outcome,
} from "../machine/effects.js";
import type { EffectDeps } from "./deps.js";
import { knowLead, registerOptOut } from "./people.js";
import {
  addIntent,
  addRanking,
  keepConversation,
  rank,
  registerBuyer,
  reserve,
} from "./vendors.js";
import { placeCall, publish, sendWhatsApp } from "./telling.js";
import { answerTurn } from "./turns.js";

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

/** Every kind of effect, with what it takes. */
export function effectExecutor(deps: EffectDeps): ExecuteEffect {
  return (effect, about, signal) => {
    switch (effect.kind) {
      case "register_opt_out":
        return registerOptOut(deps, effect, about, signal);
      case "know_lead":
        return knowLead(deps, effect, about, signal);
      case "rank":
        return rank(deps, effect, about, signal);
      case "register_buyer":
        return registerBuyer(deps, effect, about, signal);
      case "add_intent":
        return addIntent(deps, effect, about, signal);
      case "add_ranking":
        return addRanking(deps, effect, about, signal);
      case "reserve":
        return reserve(deps, effect, about, signal);
      case "keep_conversation":
        return keepConversation(deps, effect, about, signal);
      case "publish":
        return publish(deps, effect, about, signal);
      case "send_whatsapp":
        return sendWhatsApp(deps, effect, about, signal);
      case "answer_turn":
        return answerTurn(deps, effect, about, signal);
      case "place_call":
        return placeCall(deps, effect, about, signal);
    }
  };
}
