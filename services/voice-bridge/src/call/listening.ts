import { detectOptOut } from "@easymo/opt-out-lexicon";
import type { CallEffect } from "./call-effects.js";
import type { CallState } from "./call-state.js";
import { remember } from "./conversation.js";
import { beginOptOut } from "./ending.js";
import { isPlaying } from "./playback-ledger.js";
import {
  cancelActive,
  cutResponse,
  nextResponse,
  sayExactly,
  wantResponse,
} from "./responses.js";
import { interrupt } from "./speech.js";

/** What the caller does: speaks, is understood, presses keys. */

export function speechStarted(state: CallState): CallEffect[] {
  state.callerSpeaking = true;
  if (state.phase !== "live" || !mayInterrupt(state)) return [];
  // The model stops its response by itself; what still comes of it is late.
  if (state.active?.responseId !== undefined)
    cutResponse(state, state.active.responseId);
  if (state.remotePlayback.size > 0)
    return [{ do: "observe", what: { metric: "barge_in" } }];
  if (!isPlaying(state.ledger)) return [];
  return [...interrupt(state), { do: "observe", what: { metric: "barge_in" } }];
}

export function speechStopped(state: CallState, nowMs: number): CallEffect[] {
  state.callerSpeaking = false;
  if (state.phase !== "live") return [];
  state.turns += 1;
  if (answersBySelf(state)) state.awaitingAudioSinceMs = nowMs;
  return [];
}

export function callerUnderstood(
  state: CallState,
  itemId: string,
  text: string,
  nowMs: number,
): CallEffect[] {
  if (text.trim() === "" || state.phase === "ended") return [];
  remember(state, { role: "user", text });
  const effects: CallEffect[] = [
    {
      do: "publish",
      event: {
        type: "media.transcript",
        data: { role: "user", text, itemId, interrupted: false },
      },
    },
  ];
  const request = detectOptOut(text, {
    phrases: state.identity.agent.optOut.phrases,
  });
  if (request !== undefined)
    effects.push(
      ...beginOptOut(
        state,
        { via: "speech", phrase: request.phrase },
        request.language,
        nowMs,
      ),
    );
  return effects;
}

export function keyPressed(
  state: CallState,
  digit: string,
  nowMs: number,
): CallEffect[] {
  if (state.phase === "ended") return [];
  const effects: CallEffect[] = [
    { do: "publish", event: { type: "call.dtmf", data: { digit } } },
  ];
  if (state.phase !== "live") return effects;
  if (digit === state.identity.agent.optOut.dtmf)
    return [
      ...effects,
      ...beginOptOut(state, { via: "dtmf", phrase: digit }, undefined, nowMs),
    ];
  if (digit === "*" && state.payment !== undefined)
    return [...effects, ...repeatPayment(state, nowMs)];
  const note = `The caller pressed the key ${digit}.`;
  remember(state, { role: "system", text: note });
  if (state.model.phase === "ready")
    effects.push({ do: "add_turn", turn: { role: "system", text: note } });
  return effects;
}

/** The caller wants to hear the code again, now. */
function repeatPayment(state: CallState, nowMs: number): CallEffect[] {
  const { payment } = state;
  if (payment === undefined) return [];
  const effects = [...interrupt(state), ...cancelActive(state)];
  dropWantedPayments(state);
  wantResponse(state, "payment", sayExactly(payment.spoken));
  effects.push(...nextResponse(state, nowMs));
  return effects;
}

function dropWantedPayments(state: CallState): void {
  const rest = state.wanted.filter((wanted) => wanted.purpose !== "payment");
  state.wanted.splice(0, state.wanted.length, ...rest);
}

function mayInterrupt(state: CallState): boolean {
  return state.identity.agent.turnDetection.interrupt_response !== false;
}

function answersBySelf(state: CallState): boolean {
  return state.identity.agent.turnDetection.create_response !== false;
}
