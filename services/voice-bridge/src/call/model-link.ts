import type { CallEffect } from "./call-effects.js";
import type { CallState, StreamOutcome } from "./call-state.js";
import { beginOptOut, endNow, farewellLost } from "./ending.js";
import { detachItems } from "./playback-ledger.js";
import {
  nextResponse,
  RESPONSE_ANSWER_MS,
  sayExactly,
  wantResponse,
} from "./responses.js";

/** The call's model session: opened, lost, replaced before it expires. */

/** A caller without a model for this long is told so and transferred. */
const MODEL_AWAY_LIMIT_MS = 5_000;
/** A ready successor waits this long for a quiet moment. */
const SUCCESSOR_PATIENCE_MS = 10_000;
const RETRY_DELAYS_MS = [0, 100, 200, 400, 800];

const GAP_NOTE =
  "For a moment no tool could be used. Do now what the caller waits for, in a few words; otherwise go on with the conversation.";

/** The first words: a greeting, or on with what another replica began. */
function firstWords(state: CallState): CallEffect[] {
  const { agent, underWayMs } = state.identity;
  if (underWayMs === undefined) {
    wantResponse(state, "greeting", sayExactly(agent.greeting));
    return [];
  }
  const { payment } = state;
  if (payment?.told === false)
    wantResponse(state, "payment", sayExactly(payment.spoken));
  else wantResponse(state, "reply");
  return [{ do: "add_turn", turn: { role: "system", text: GAP_NOTE } }];
}

/** The caller had asked for no more calls when their replica went: all that follows from it is done anew. */
function optOutSoFar(state: CallState, nowMs: number): CallEffect[] {
  const optOut = state.identity.soFar?.optOut ?? undefined;
  return optOut === undefined
    ? []
    : beginOptOut(state, optOut, state.language, nowMs);
}

export function modelReady(state: CallState, nowMs: number): CallEffect[] {
  if (state.phase === "ended") return [];
  const effects: CallEffect[] = [];
  const isFirst = state.history.length === 0 && state.nextRequest === 1;
  if (isFirst) effects.push(...firstWords(state));
  // Over a side-band the conversation is the call's, and still there.
  if (state.identity.channel === "twilio")
    for (const turn of state.history) effects.push({ do: "add_turn", turn });
  state.model.phase = "ready";
  state.model.openedAtMs = nowMs;
  state.model.attempts = 0;
  effects.push({ do: "flush_caller_audio" });
  if (state.model.owesResponse) {
    state.model.owesResponse = false;
    if (state.wanted.length === 0) wantResponse(state, "reply");
  }
  effects.push(
    ...connectedWhenBoth(state, nowMs),
    ...optOutSoFar(state, nowMs),
    ...nextResponse(state, nowMs),
  );
  return effects;
}

/** The caller's audio and the model are both there for the first time. */
export function connectedWhenBoth(
  state: CallState,
  nowMs: number,
): CallEffect[] {
  if (state.connectedAtMs !== undefined || state.startedAtMs === undefined)
    return [];
  if (state.model.phase !== "ready") return [];
  state.connectedAtMs = nowMs;
  // Told by the replica that had the call.
  if (state.identity.underWayMs !== undefined) return [];
  const { agent } = state.identity;
  return [
    {
      do: "publish",
      event: {
        type: "call.connected",
        once: true,
        data: {
          model: agent.model,
          voice: agent.voice,
          setupMs: Math.round(nowMs - state.startedAtMs),
        },
      },
    },
  ];
}

/** The session is gone, or never came. */
export function modelClosed(
  state: CallState,
  reason: string,
  nowMs: number,
): CallEffect[] {
  if (state.phase === "ended") return [];
  sessionLost(state, nowMs);
  if (state.ending !== undefined) {
    farewellLost(state.ending);
    return [];
  }
  const tooLong = modelAwayTooLong(state, nowMs);
  if (tooLong.length > 0) return tooLong;
  const delayMs = RETRY_DELAYS_MS[state.model.attempts] ?? 1_000;
  state.model.attempts += 1;
  return [
    { do: "observe", what: { metric: "reconnect", reason } },
    { do: "open_model", why: "dropped", delayMs },
  ];
}

/** What of the call belonged to the session goes with it. */
function sessionLost(state: CallState, nowMs: number): void {
  const { model } = state;
  if (model.phase === "ready") {
    model.phase = "opening";
    model.awaySinceMs = nowMs;
    if (state.active?.wanted !== undefined)
      state.wanted.unshift(state.active.wanted);
    else if (
      state.active !== undefined ||
      state.awaitingAudioSinceMs !== undefined
    )
      model.owesResponse = true;
  }
  detachItems(state.ledger);
  for (const item of state.spoken.values()) item.textComplete = true;
  for (const callId of state.toolsRunning) state.toolsDetached.add(callId);
  state.active = undefined;
  state.callerSpeaking = false;
}

/** The next session takes over, with the conversation carried over. */
export function successorReady(state: CallState, nowMs: number): CallEffect[] {
  state.model.successor = "ready";
  return switchWhenQuiet(state, nowMs);
}

export function successorFailed(state: CallState): void {
  state.model.successor = "none";
}

function switchWhenQuiet(state: CallState, nowMs: number): CallEffect[] {
  const quiet =
    state.active === undefined &&
    !state.callerSpeaking &&
    state.toolsRunning.size === 0 &&
    state.awaitingAudioSinceMs === undefined;
  const patient =
    nowMs < state.model.openedAtMs + state.identity.modelSessionMaxMs;
  if (state.phase !== "live" || (!quiet && patient)) return [];
  sessionLost(state, nowMs);
  state.model.successor = "none";
  return [
    { do: "observe", what: { metric: "reconnect", reason: "expiring" } },
    { do: "switch_model" },
    ...modelReady(state, nowMs),
  ];
}

/** What time alone decides about the model. */
export function modelTick(state: CallState, nowMs: number): CallEffect[] {
  if (state.phase !== "live" && state.phase !== "waiting") return [];
  const { model } = state;
  if (model.phase === "opening") return modelAwayTooLong(state, nowMs);
  if (isSilent(state, nowMs)) return modelClosed(state, "silent", nowMs);
  if (model.successor === "ready") return switchWhenQuiet(state, nowMs);
  // The model's carrier ends its calls itself.
  if (state.identity.channel === "sip") return [];
  const successorDueMs =
    model.openedAtMs +
    Math.max(0, state.identity.modelSessionMaxMs - SUCCESSOR_PATIENCE_MS);
  if (model.successor === "none" && nowMs >= successorDueMs) {
    model.successor = "opening";
    return [{ do: "open_model", why: "expiring", delayMs: 0 }];
  }
  return [];
}

/** Asked, and not a word came back: the session is as good as gone. */
function isSilent(state: CallState, nowMs: number): boolean {
  const { active, awaitingAudioSinceMs } = state;
  if (active !== undefined && active.responseId === undefined)
    return nowMs > active.requestedAtMs + RESPONSE_ANSWER_MS;
  return (
    active === undefined &&
    state.toolsRunning.size === 0 &&
    awaitingAudioSinceMs !== undefined &&
    nowMs > awaitingAudioSinceMs + RESPONSE_ANSWER_MS
  );
}

function modelAwayTooLong(state: CallState, nowMs: number): CallEffect[] {
  const since = Math.max(state.model.awaySinceMs, state.startedAtMs ?? nowMs);
  if (state.startedAtMs === undefined || nowMs < since + MODEL_AWAY_LIMIT_MS)
    return [];
  const outcome: StreamOutcome = {
    kind: "apologise",
    transferTo: state.identity.agent.transfer?.to,
  };
  const reason =
    state.connectedAtMs === undefined ? "model_unreachable" : "model_lost";
  return endNow(state, reason, outcome, nowMs);
}
