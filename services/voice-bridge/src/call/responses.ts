import type { ModelEvent } from "../model/model-events.js";
import type { CallEffect } from "./call-effects.js";
import type { CallState, ResponsePurpose } from "./call-state.js";

/**
 * The one rule of order for responses: the model takes one at a time and
 * refuses a second (`conversation_already_has_active_response`), also when it
 * began one by itself at the end of the caller's turn. So what we want waits
 * here until the active one is done.
 */

const CUT_RESPONSES_KEPT = 8;
/** A request that the model never took up is forgotten after this. */
export const RESPONSE_ANSWER_MS = 10_000;

/** Says `text`, word by word. */
export function sayExactly(text: string): string {
  return `Say exactly: "${text}"\nSay nothing before it and nothing after it. Read every digit and symbol one by one, as written, in the language of the text.`;
}

/** Puts a response in the queue. A plain reply is wanted once at most. */
export function wantResponse(
  state: CallState,
  purpose: ResponsePurpose,
  instructions?: string,
): void {
  if (
    purpose === "reply" &&
    state.wanted.some((wanted) => wanted.purpose === "reply")
  )
    return;
  const requestId = `r${state.nextRequest}`;
  state.nextRequest += 1;
  state.wanted.push({
    purpose,
    request:
      instructions === undefined
        ? { requestId }
        : { requestId, instructions, speechOnly: true },
  });
}

/** Asks for the next wanted response, when the model is free. */
export function nextResponse(state: CallState, nowMs: number): CallEffect[] {
  if (state.model.phase !== "ready" || state.active !== undefined) return [];
  if (state.phase === "ended" || state.toolsRunning.size > 0) return [];
  const wanted = state.wanted.shift();
  if (wanted === undefined) return [];
  state.active = {
    responseId: undefined,
    wanted,
    requestedAtMs: nowMs,
    cancelled: false,
  };
  return [{ do: "create_response", request: wanted.request }];
}

export function responseStarted(
  state: CallState,
  event: Extract<ModelEvent, { type: "response_started" }>,
  nowMs: number,
): void {
  const asked = state.active?.wanted;
  const isOurs =
    asked !== undefined &&
    state.active?.responseId === undefined &&
    (event.requestId === undefined ||
      event.requestId === asked.request.requestId);
  if (isOurs && state.active !== undefined) {
    state.active.responseId = event.responseId;
    return;
  }
  // The model began by itself. Ours, if one is on its way, will be refused.
  if (asked !== undefined && state.active?.responseId === undefined)
    state.wanted.unshift(asked);
  state.active = {
    responseId: event.responseId,
    wanted: undefined,
    requestedAtMs: nowMs,
    cancelled: false,
  };
}

/**
 * Our request was refused: the model is busy, so it stays wanted. A response
 * that was taken for ours on its start turns out to be the model's own.
 */
export function responseRefused(state: CallState, requestId: string): void {
  const { active } = state;
  const asked = active?.wanted;
  if (active === undefined || asked?.request.requestId !== requestId) return;
  state.wanted.unshift(asked);
  if (active.responseId === undefined) state.active = undefined;
  else active.wanted = undefined;
}

export function responseEnded(state: CallState, responseId: string): void {
  if (state.active?.responseId === responseId) state.active = undefined;
}

/**
 * Stops the active response, for something that can't wait. The answer is
 * nothing to do when the model is silent.
 */
export function cancelActive(state: CallState): CallEffect[] {
  const active = state.active;
  if (active === undefined) return [];
  if (active.responseId !== undefined) cutResponse(state, active.responseId);
  if (active.cancelled) return [];
  active.cancelled = true;
  return [{ do: "cancel_response" }];
}

/** From now on this response's audio is dropped. */
export function cutResponse(state: CallState, responseId: string): void {
  if (state.cutResponses.includes(responseId)) return;
  state.cutResponses.push(responseId);
  if (state.cutResponses.length > CUT_RESPONSES_KEPT)
    state.cutResponses.shift();
}

/** For what a response that just started is. */
export function purposeOf(
  state: CallState,
  responseId: string,
): ResponsePurpose {
  return state.active?.responseId === responseId
    ? (state.active.wanted?.purpose ?? "reply")
    : "reply";
}
