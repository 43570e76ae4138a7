import type { ModelEvent } from "../model/model-events.js";
import type { CallEffect } from "./call-effects.js";
import {
  addUsage,
  type CallState,
  type StopReason,
  type StreamOutcome,
} from "./call-state.js";
import {
  beginTransfer,
  endAtTimeLimit,
  endNow,
  endWhenFarewellHeard,
  legEnded,
} from "./ending.js";
import {
  callerUnderstood,
  keyPressed,
  speechStarted,
  speechStopped,
} from "./listening.js";
import {
  connectedWhenBoth,
  modelClosed,
  modelReady,
  modelTick,
  successorFailed,
  successorReady,
} from "./model-link.js";
import {
  audioComplete,
  markReturned,
  presumeHeard,
  unheardMs,
} from "./playback-ledger.js";
import {
  nextResponse,
  responseEnded,
  responseRefused,
  responseStarted,
} from "./responses.js";
import {
  itemAudioStarted,
  itemsHeard,
  remotePlaybackEnded,
  remotePlaybackStarted,
  spokenItem,
  tellWhenWhole,
} from "./speech.js";
import {
  checkPaymentReading,
  toolCalled,
  toolFinished,
  type ToolOutcome,
} from "./tool-calls.js";

/** Everything that can happen to a call, media frames apart. */
export type CallInput =
  | { type: "media_started"; streamId: string }
  | { type: "leg_ended"; reason: StopReason }
  | { type: "mark_returned"; name: string }
  | { type: "digit"; digit: string }
  | { type: "item_audio_started"; itemId: string; responseId: string }
  | { type: "model_ready" }
  | { type: "model_closed"; reason: string }
  | { type: "successor_ready" }
  | { type: "successor_failed" }
  | { type: "model"; event: ModelEvent }
  | {
      type: "tool_finished";
      callId: string;
      name: string;
      outcome: ToolOutcome;
    }
  | { type: "transfer"; to: string; queue?: string; reason: string }
  | { type: "end"; reason: StopReason; outcome: StreamOutcome }
  | { type: "tick" };

/** A carrier's marks may be this late before they are presumed lost. */
const MARK_GRACE_MS = 1_500;

/**
 * The call as a state machine over plain data: it changes `state` and says
 * what is to be done, and knows no socket, no clock and no broker.
 */
export function decide(
  state: CallState,
  input: CallInput,
  nowMs: number,
): CallEffect[] {
  const effects = react(state, input, nowMs);
  effects.push(...endWhenFarewellHeard(state, nowMs));
  return effects;
}

function react(
  state: CallState,
  input: CallInput,
  nowMs: number,
): CallEffect[] {
  switch (input.type) {
    case "media_started":
      return mediaStarted(state, input.streamId, nowMs);
    case "leg_ended":
      return legEnded(state, input.reason, nowMs);
    case "mark_returned":
      return itemsHeard(state, markReturned(state.ledger, input.name));
    case "digit":
      return keyPressed(state, input.digit, nowMs);
    case "item_audio_started":
      return itemAudioStarted(state, input.itemId, input.responseId, nowMs);
    case "model_ready":
      return modelReady(state, nowMs);
    case "model_closed":
      return modelClosed(state, input.reason, nowMs);
    case "successor_ready":
      return successorReady(state, nowMs);
    case "successor_failed":
      successorFailed(state);
      return [];
    case "model":
      return state.phase === "ended"
        ? lateUsage(state, input.event)
        : modelSaid(state, input.event, nowMs);
    case "tool_finished":
      return toolFinished(
        state,
        input.callId,
        input.name,
        input.outcome,
        nowMs,
      );
    case "transfer":
      return beginTransfer(state, input, nowMs);
    case "end":
      return endNow(state, input.reason, input.outcome, nowMs);
    case "tick":
      return [
        ...itemsHeard(state, presumeHeard(state.ledger, nowMs, MARK_GRACE_MS)),
        ...modelTick(state, nowMs),
        ...endAtTimeLimit(state, nowMs),
      ];
  }
}

function mediaStarted(
  state: CallState,
  streamId: string,
  nowMs: number,
): CallEffect[] {
  state.phase = "live";
  state.startedAtMs = nowMs - (state.identity.underWayMs ?? 0);
  // What the model said before the line was there is only played now.
  state.ledger.playedAtMs = nowMs + unheardMs(state.ledger);
  const { direction, channel } = state.identity;
  const started: CallEffect = {
    do: "publish",
    event: {
      type: "call.start",
      once: true,
      data: { direction, channel, streamId },
    },
  };
  return [started, ...connectedWhenBoth(state, nowMs)];
}

function modelSaid(
  state: CallState,
  event: ModelEvent,
  nowMs: number,
): CallEffect[] {
  switch (event.type) {
    case "speech_started":
      return speechStarted(state);
    case "speech_stopped":
      return speechStopped(state, nowMs);
    case "user_transcript":
      return callerUnderstood(state, event.itemId, event.text, nowMs);
    case "response_started":
      responseStarted(state, event, nowMs);
      return [];
    case "item_started":
      spokenItem(state, event.itemId, event.responseId);
      return [];
    case "agent_transcript_delta": {
      const item = spokenItem(state, event.itemId, "");
      if (!item.textComplete) item.text += event.text;
      return [];
    }
    case "agent_transcript":
      return agentTranscript(state, event.itemId, event.text, nowMs);
    case "digit":
      return keyPressed(state, event.digit, nowMs);
    case "playback_started":
      return remotePlaybackStarted(state, event.responseId, nowMs);
    case "playback_ended":
      return remotePlaybackEnded(state, event.responseId, event.heard);
    case "audio_complete":
      return itemsHeard(state, audioComplete(state.ledger, event.itemId));
    case "tool_called":
      return toolCalled(state, event);
    case "response_done":
      return responseDone(state, event, nowMs);
    case "error":
      if (event.requestId !== undefined)
        responseRefused(state, event.requestId);
      return [
        { do: "observe", what: { metric: "model_error", code: event.code } },
      ];
  }
}

function agentTranscript(
  state: CallState,
  itemId: string,
  text: string,
  nowMs: number,
): CallEffect[] {
  const item = spokenItem(state, itemId, "");
  item.text = text;
  item.textComplete = true;
  return [
    ...checkPaymentReading(state, item, nowMs),
    ...tellWhenWhole(state, item),
  ];
}

function responseDone(
  state: CallState,
  event: Extract<ModelEvent, { type: "response_done" }>,
  nowMs: number,
): CallEffect[] {
  addUsage(state, event.usage);
  const effects: CallEffect[] = [
    { do: "observe", what: { metric: "tokens", usage: event.usage } },
  ];
  const farewellFailed =
    state.ending?.farewell === "wanted" &&
    state.active?.responseId === event.responseId &&
    state.active.wanted !== undefined;
  responseEnded(state, event.responseId);
  for (const item of [...state.spoken.values()]) {
    if (item.responseId !== event.responseId) continue;
    item.textComplete = true;
    effects.push(
      ...itemsHeard(state, audioComplete(state.ledger, item.itemId)),
    );
    const sent =
      state.remotePlayback.has(event.responseId) ||
      state.ledger.items.some((i) => i.itemId === item.itemId);
    if (!sent && item.outcome === "playing")
      item.outcome = event.status === "completed" ? "heard" : "cut";
    effects.push(...tellWhenWhole(state, item));
  }
  if (farewellFailed && state.ending !== undefined)
    state.ending.farewell = "done";
  if (event.status !== "completed" && state.toolsRunning.size === 0)
    state.awaitingAudioSinceMs = undefined;
  effects.push(...nextResponse(state, nowMs));
  return effects;
}

/** Tokens are paid for, also when the call is over. */
function lateUsage(state: CallState, event: ModelEvent): CallEffect[] {
  if (event.type !== "response_done") return [];
  return [{ do: "observe", what: { metric: "tokens", usage: event.usage } }];
}
