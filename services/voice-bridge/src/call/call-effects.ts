import type { EventDataByType } from "@easymo/messaging";
import type { ModelUsage } from "../model/model-events.js";
import type { PastTurn, ResponseRequest } from "../model/realtime-model.js";
import type { StopReason, StreamOutcome } from "./call-state.js";
import type { Language } from "./language.js";

/** The fields of a call's events that its identity does not give already. */
type Own<T extends keyof EventDataByType> = Omit<
  EventDataByType[T],
  "callId" | "tenantId" | "from" | "agent" | "at" | ToOf<T>
>;
type ToOf<T> = T extends "call.transfer" ? never : "to";

export type CallEventType =
  | "call.start"
  | "call.connected"
  | "call.dtmf"
  | "call.opt_out"
  | "call.payment_prompt"
  | "call.transfer"
  | "call.stop"
  | "media.transcript"
  | "media.turn";

export type CallEvent = {
  [T in CallEventType]: {
    readonly type: T;
    readonly data: Own<T>;
    /** Events that stand once in a call have an id made from the call's. */
    readonly once?: boolean;
  };
}[CallEventType];

/** What the call wants done; the machine decides, the runner does. */
export type CallEffect =
  | { do: "publish"; event: CallEvent }
  | { do: "open_model"; why: "dropped" | "expiring"; delayMs: number }
  | { do: "switch_model" }
  | { do: "flush_caller_audio" }
  | { do: "clear_playback" }
  | {
      do: "truncate";
      itemId: string;
      contentIndex: number;
      audioEndMs: number;
    }
  | { do: "create_response"; request: ResponseRequest }
  | { do: "cancel_response" }
  | { do: "add_turn"; turn: PastTurn }
  | { do: "add_tool_result"; callId: string; output: string }
  | { do: "stop_listening" }
  | { do: "run_tool"; callId: string; name: string; arguments: string }
  | {
      do: "register_opt_out";
      via: "speech" | "dtmf" | "tool";
      phrase: string;
      language: Language;
    }
  | { do: "send_payment_by_whatsapp"; text: string; paymentId: string }
  | { do: "close_leg"; reason: StopReason; outcome: StreamOutcome }
  | { do: "observe"; what: CallObservation };

/** Whether the call's progress is another one by it; see `callProgress`. */
export function isProgress(effect: CallEffect): boolean {
  if (effect.do === "register_opt_out") return true;
  if (effect.do !== "observe") return false;
  const { metric } = effect.what;
  return metric === "tokens" || metric === "payment_prompt";
}

export type CallObservation =
  | { metric: "barge_in" }
  | { metric: "first_audio"; latencyMs: number }
  | { metric: "tokens"; usage: ModelUsage }
  | { metric: "reconnect"; reason: string }
  | { metric: "payment_prompt"; method: string }
  | { metric: "model_error"; code: string }
  | { metric: "limit"; limit: "call_seconds" };
