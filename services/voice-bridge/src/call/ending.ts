import { optOutConfirmation } from "@easymo/opt-out-lexicon";
import type { CallEffect } from "./call-effects.js";
import {
  type CallState,
  type Ending,
  type OptOut,
  type ResponsePurpose,
  type StopReason,
  type StreamOutcome,
} from "./call-state.js";
import { isLanguage } from "./language.js";
import { latencyOf } from "./latency.js";
import { timeIsUp, transferAnnouncement } from "./phrases.js";
import {
  cancelActive,
  nextResponse,
  sayExactly,
  wantResponse,
} from "./responses.js";
import { interrupt, isAgentHeard, tellRest } from "./speech.js";

/** A farewell that the model does not say in this time is left out. */
const FAREWELL_DEADLINE_MS = 15_000;

/** The caller wants no more calls: confirmed, published, registered, ended. */
export function beginOptOut(
  state: CallState,
  { via, phrase }: OptOut,
  spokenLanguage: string | undefined,
  nowMs: number,
): CallEffect[] {
  if (state.optOut !== undefined || state.phase === "ended") return [];
  state.optOut = { via, phrase };
  if (isLanguage(spokenLanguage)) state.language = spokenLanguage;
  const { language } = state;
  const { person } = state.identity;
  return [
    {
      do: "publish",
      event: {
        type: "call.opt_out",
        once: true,
        data: {
          ...(person === undefined ? {} : { phone: person }),
          via,
          phrase,
          language,
        },
      },
    },
    { do: "register_opt_out", via, phrase, language },
    ...endAfterFarewell(
      state,
      {
        reason: "opt_out",
        outcome: { kind: "hang_up" },
        purpose: "opt_out",
        text: optOutConfirmation(language),
        interrupts: true,
      },
      nowMs,
    ),
  ];
}

/** The call goes on with a person. */
export function beginTransfer(
  state: CallState,
  target: { to: string; queue?: string; reason: string },
  nowMs: number,
): CallEffect[] {
  if (state.phase === "ended" || state.ending !== undefined) return [];
  return [
    {
      do: "publish",
      event: {
        type: "call.transfer",
        once: true,
        data: {
          to: target.to,
          ...(target.queue === undefined ? {} : { queue: target.queue }),
          reason: target.reason,
        },
      },
    },
    ...endAfterFarewell(
      state,
      {
        reason: "transfer",
        outcome: { kind: "transfer", to: target.to },
        purpose: "transfer",
        text: transferAnnouncement(state.language),
        interrupts: false,
      },
      nowMs,
    ),
  ];
}

/** The agent's limit of time for one call is met: what is being said is said, then a goodbye. */
export function endAtTimeLimit(state: CallState, nowMs: number): CallEffect[] {
  const limitSeconds = state.identity.agent.limits?.callSeconds;
  if (limitSeconds === undefined || state.startedAtMs === undefined) return [];
  if (state.phase !== "live" || state.ending !== undefined) return [];
  if (nowMs - state.startedAtMs < limitSeconds * 1_000) return [];
  return [
    { do: "observe", what: { metric: "limit", limit: "call_seconds" } },
    ...endAfterFarewell(
      state,
      {
        reason: "time_limit",
        outcome: { kind: "hang_up" },
        purpose: "time_limit",
        text: timeIsUp(state.language),
        interrupts: false,
      },
      nowMs,
    ),
  ];
}

interface Farewell {
  reason: StopReason;
  outcome: StreamOutcome;
  purpose: ResponsePurpose;
  text: string;
  /** Cuts off what the agent is saying. */
  interrupts: boolean;
}

function endAfterFarewell(
  state: CallState,
  farewell: Farewell,
  nowMs: number,
): CallEffect[] {
  const { reason, outcome } = farewell;
  if (state.model.phase !== "ready" || state.phase !== "live")
    return endNow(state, reason, outcome, nowMs);
  state.phase = "ending";
  state.ending = {
    reason,
    outcome,
    farewell: "wanted",
    deadlineAtMs: nowMs + FAREWELL_DEADLINE_MS,
  };
  const effects: CallEffect[] = [];
  if (farewell.interrupts)
    effects.push(...interrupt(state), ...cancelActive(state));
  effects.push({ do: "stop_listening" });
  state.wanted.length = 0;
  state.toolsRunning.clear();
  wantResponse(state, farewell.purpose, sayExactly(farewell.text));
  effects.push(...nextResponse(state, nowMs));
  return effects;
}

/** The farewell was heard, or will not be: end. */
export function endWhenFarewellHeard(
  state: CallState,
  nowMs: number,
): CallEffect[] {
  const ending = state.ending;
  if (state.phase !== "ending" || ending === undefined) return [];
  const over =
    nowMs >= ending.deadlineAtMs ||
    (ending.farewell === "playing" &&
      state.active === undefined &&
      !isAgentHeard(state)) ||
    (ending.farewell === "done" && !isAgentHeard(state));
  return over ? endNow(state, ending.reason, ending.outcome, nowMs) : [];
}

/** The model is gone in the middle of a farewell: play what there is. */
export function farewellLost(ending: Ending): void {
  ending.farewell = "done";
}

/** Ends the call from our side. */
export function endNow(
  state: CallState,
  reason: StopReason,
  outcome: StreamOutcome,
  nowMs: number,
): CallEffect[] {
  if (state.phase === "ended") return [];
  const effects = stopped(state, reason, nowMs);
  effects.push({ do: "close_leg", reason, outcome });
  return effects;
}

/** The caller hung up, or the line is gone. */
export function legEnded(
  state: CallState,
  reason: StopReason,
  nowMs: number,
): CallEffect[] {
  if (state.phase === "ended") return [];
  // Who hangs up during the farewell has still opted out, or been transferred.
  return stopped(state, state.ending?.reason ?? reason, nowMs);
}

function stopped(
  state: CallState,
  reason: StopReason,
  nowMs: number,
): CallEffect[] {
  const effects = tellRest(state);
  state.phase = "ended";
  state.active = undefined;
  state.wanted.length = 0;
  if (state.startedAtMs === undefined) return effects;
  effects.push({
    do: "publish",
    event: {
      type: "call.stop",
      once: true,
      data: {
        reason,
        durationMs: Math.round(nowMs - state.startedAtMs),
        usage: state.usage,
        latency: latencyOf(state.latenciesMs),
      },
    },
  });
  return effects;
}
