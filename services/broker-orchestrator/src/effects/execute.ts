import type { EffectDeps } from "./deps.js";
import type { ExecuteEffect } from "./executor.js";
import { checkHandover, handOver } from "./handover.js";
import { knowLead, noteChannel, registerOptOut } from "./people.js";
import {
  addIntent,
  addRanking,
  keepConversation,
  rank,
  registerBuyer,
  release,
  reserve,
} from "./vendors.js";
import { placeCall, publish, sendWhatsApp } from "./telling.js";
import { answerTurn } from "./turns.js";

/** Every kind of effect, with what it takes. */
export function effectExecutor(deps: EffectDeps): ExecuteEffect {
  return (effect, about, signal) => {
    switch (effect.kind) {
      case "register_opt_out":
        return registerOptOut(deps, effect, about, signal);
      case "know_lead":
        return knowLead(deps, effect, about, signal);
      case "note_channel":
        return noteChannel(deps, effect, about, signal);
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
      case "release":
        return release(deps, effect, about, signal);
      case "keep_conversation":
        return keepConversation(deps, effect, about, signal);
      case "publish":
        return publish(deps, effect, about, signal);
      case "send_whatsapp":
        return sendWhatsApp(deps, effect, about, signal);
      case "answer_turn":
        return answerTurn(deps, effect, about, signal);
      case "hand_over":
        return handOver(deps, effect, about, signal);
      case "check_handover":
        return checkHandover(deps, effect, about, signal);
      case "place_call":
        return placeCall(deps, effect, about, signal);
    }
  };
}
