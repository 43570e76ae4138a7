import { BYTES_PER_MS } from "../media/audio-slice.js";
import type { CallEffect } from "./call-effects.js";
import type { CallState, SpokenItem } from "./call-state.js";
import {
  cutPlayback,
  isPlaying,
  type PlaybackItem,
} from "./playback-ledger.js";
import { cutResponse, purposeOf } from "./responses.js";
import { remember } from "./conversation.js";

/** The agent's words: from the first audio of an item until it was heard or cut. */

const LATENCIES_KEPT = 10_000;

/** The first audio of an item goes out now. */
export function itemAudioStarted(
  state: CallState,
  itemId: string,
  responseId: string,
  nowMs: number,
): CallEffect[] {
  const item = spokenItem(state, itemId, responseId);
  if (state.ending?.farewell === "wanted" && item.purpose !== "reply")
    state.ending.farewell = "playing";
  const since = state.awaitingAudioSinceMs;
  if (since === undefined) return [];
  state.awaitingAudioSinceMs = undefined;
  const latencyMs = nowMs - since;
  if (state.latenciesMs.length < LATENCIES_KEPT)
    state.latenciesMs.push(latencyMs);
  item.turn = { number: state.turns, latencyMs };
  return [{ do: "observe", what: { metric: "first_audio", latencyMs } }];
}

export function spokenItem(
  state: CallState,
  itemId: string,
  responseId: string,
): SpokenItem {
  const known = state.spoken.get(itemId);
  if (known !== undefined) {
    if (known.responseId === "") known.responseId = responseId;
    return known;
  }
  const item: SpokenItem = {
    itemId,
    responseId,
    text: "",
    textComplete: false,
    purpose: purposeOf(state, responseId),
    turn: undefined,
    outcome: "playing",
    audioMs: 0,
    heardMs: 0,
  };
  state.spoken.set(itemId, item);
  return item;
}

/** Heard to the end. */
export function itemsHeard(
  state: CallState,
  heard: readonly PlaybackItem[],
): CallEffect[] {
  return heard.flatMap((played) => {
    const item = state.spoken.get(played.itemId);
    if (item === undefined) return [];
    settle(item, "heard", played);
    return tellWhenWhole(state, item);
  });
}

/** Of a call whose audio the model's carrier has: a response is being played. */
export function remotePlaybackStarted(
  state: CallState,
  responseId: string,
  nowMs: number,
): CallEffect[] {
  state.remotePlayback.add(responseId);
  for (const item of state.spoken.values())
    if (item.responseId === responseId)
      return itemAudioStarted(state, item.itemId, responseId, nowMs);
  return [];
}

/** It was played to its end, or cut. */
export function remotePlaybackEnded(
  state: CallState,
  responseId: string,
  heard: boolean,
): CallEffect[] {
  state.remotePlayback.delete(responseId);
  const effects: CallEffect[] = [];
  for (const item of [...state.spoken.values()]) {
    if (item.responseId !== responseId || item.outcome !== "playing") continue;
    item.outcome = heard ? "heard" : "cut";
    effects.push(...tellWhenWhole(state, item));
  }
  return effects;
}

/** Whether the caller hears the agent, or is about to. */
export function isAgentHeard(state: CallState): boolean {
  return isPlaying(state.ledger) || state.remotePlayback.size > 0;
}

/**
 * The caller speaks while the agent does, or something can't wait: what is
 * unheard is dropped at the carrier, and the model learns how much of each
 * item was heard.
 */
export function interrupt(state: CallState): CallEffect[] {
  const effects: CallEffect[] = [];
  const cut = cutPlayback(state.ledger);
  if (cut.length > 0 || state.remotePlayback.size > 0)
    effects.push({ do: "clear_playback" });
  for (const { item: played, audioEndMs } of cut) {
    cutResponse(state, played.responseId);
    if (!played.detached)
      effects.push({
        do: "truncate",
        itemId: played.itemId,
        contentIndex: played.contentIndex,
        audioEndMs,
      });
    const item = state.spoken.get(played.itemId);
    if (item === undefined) continue;
    settle(item, "cut", played);
    effects.push(...tellWhenWhole(state, item));
  }
  return effects;
}

/** Tells of an item once: when its fate and its words are both known. */
export function tellWhenWhole(
  state: CallState,
  item: SpokenItem,
): CallEffect[] {
  if (item.outcome === "playing" || !item.textComplete) return [];
  state.spoken.delete(item.itemId);
  const effects: CallEffect[] = [];
  if (item.turn !== undefined)
    effects.push({
      do: "publish",
      event: {
        type: "media.turn",
        data: {
          turn: item.turn.number,
          latencyMs: item.turn.latencyMs,
          responseId: item.responseId,
          itemId: item.itemId,
          audioMs: item.audioMs,
          heardMs: item.heardMs,
          interrupted: item.outcome === "cut",
        },
      },
    });
  if (item.text === "") return effects;
  remember(state, { role: "assistant", text: heardText(item) });
  effects.push({
    do: "publish",
    event: {
      type: "media.transcript",
      data: {
        role: "assistant",
        text: item.text,
        itemId: item.itemId,
        interrupted: item.outcome === "cut",
        heardMs: item.heardMs,
        audioMs: item.audioMs,
      },
    },
  });
  return effects;
}

/** The call is over: whatever is open is told as it stands. */
export function tellRest(state: CallState): CallEffect[] {
  const effects: CallEffect[] = [];
  for (const { item: played } of cutPlayback(state.ledger)) {
    const item = state.spoken.get(played.itemId);
    if (item !== undefined) settle(item, "cut", played);
  }
  for (const item of [...state.spoken.values()]) {
    if (item.outcome === "playing") item.outcome = "cut";
    item.textComplete = true;
    effects.push(...tellWhenWhole(state, item));
  }
  return effects;
}

/** About the words that were heard, for a model that takes up the talk. */
function heardText(item: SpokenItem): string {
  if (item.outcome !== "cut" || item.audioMs === 0) return item.text;
  const share = Math.min(1, item.heardMs / item.audioMs);
  return `${item.text.slice(0, Math.floor(item.text.length * share))}…`;
}

function settle(
  item: SpokenItem,
  outcome: "heard" | "cut",
  played: PlaybackItem,
): void {
  item.outcome = outcome;
  item.audioMs = Math.round(played.sentBytes / BYTES_PER_MS);
  item.heardMs = Math.round(played.heardBytes / BYTES_PER_MS);
}
