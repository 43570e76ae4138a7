import { writtenPayment } from "../payment/wording.js";
import { readBack } from "../payment/read-back.js";
import { MAX_READINGS, type PaymentPrompt } from "../payment/payment-prompt.js";
import type { ModelEvent } from "../model/model-events.js";
import type { CallEffect } from "./call-effects.js";
import type { CallState, SpokenItem } from "./call-state.js";
import { remember } from "./conversation.js";
import { beginOptOut, beginTransfer } from "./ending.js";
import { nextResponse, sayExactly, wantResponse } from "./responses.js";

/** What became of a tool call; `output` is JSON text for the model. */
export type ToolOutcome =
  | { kind: "output"; output: string }
  | { kind: "payment"; output: string; prompt: PaymentPrompt }
  | { kind: "opt_out"; output: string; phrase: string; language?: string }
  | {
      kind: "transfer";
      output: string;
      to: string;
      queue?: string;
      reason: string;
    };

export function toolCalled(
  state: CallState,
  event: Extract<ModelEvent, { type: "tool_called" }>,
): CallEffect[] {
  if (state.phase !== "live" || state.toolsSeen.has(event.callId)) return [];
  state.toolsSeen.add(event.callId);
  state.toolsRunning.add(event.callId);
  return [
    {
      do: "run_tool",
      callId: event.callId,
      name: event.name,
      arguments: event.arguments,
    },
  ];
}

export function toolFinished(
  state: CallState,
  callId: string,
  name: string,
  outcome: ToolOutcome,
  nowMs: number,
): CallEffect[] {
  state.toolsRunning.delete(callId);
  if (state.phase !== "live") return [];
  const effects = tellResult(state, callId, name, outcome.output);
  switch (outcome.kind) {
    case "output":
      wantResponse(state, "reply");
      break;
    case "payment":
      effects.push(...promptPayment(state, outcome.prompt));
      break;
    case "opt_out":
      return [
        ...effects,
        ...beginOptOut(
          state,
          { via: "tool", phrase: outcome.phrase },
          outcome.language,
          nowMs,
        ),
      ];
    case "transfer":
      return [...effects, ...beginTransfer(state, outcome, nowMs)];
  }
  effects.push(...nextResponse(state, nowMs));
  return effects;
}

/** A session that took over never saw the call: it is told in words. */
function tellResult(
  state: CallState,
  callId: string,
  name: string,
  output: string,
): CallEffect[] {
  const detached = state.toolsDetached.delete(callId);
  if (!detached) return [{ do: "add_tool_result", callId, output }];
  const turn = {
    role: "system",
    text: `The tool ${name} answered: ${output}`,
  } as const;
  if (state.model.phase !== "ready") {
    remember(state, turn);
    return [];
  }
  return [{ do: "add_turn", turn }];
}

function promptPayment(state: CallState, prompt: PaymentPrompt): CallEffect[] {
  state.payment = prompt;
  state.language = prompt.language;
  wantResponse(state, "payment", sayExactly(prompt.spoken));
  const { attempts: _attempts, told: _told, ussd, url, ...rest } = prompt;
  return [
    {
      do: "publish",
      event: {
        type: "call.payment_prompt",
        data: {
          ...rest,
          ...(ussd === undefined ? {} : { ussd }),
          ...(url === undefined ? {} : { url }),
        },
      },
    },
    {
      do: "observe",
      what: { metric: "payment_prompt", method: prompt.method },
    },
    {
      do: "send_payment_by_whatsapp",
      paymentId: prompt.paymentId,
      text: writtenPayment(prompt, prompt.language),
    },
  ];
}

/**
 * The model's own transcript of a payment code is held against the code; when
 * a digit differs it is said again, unless the caller cut it off.
 */
export function checkPaymentReading(
  state: CallState,
  item: SpokenItem,
  nowMs: number,
): CallEffect[] {
  const { payment } = state;
  if (item.purpose !== "payment" || payment === undefined) return [];
  if (state.phase !== "live") return [];
  payment.told = item.outcome === "cut" || payment.ussd === undefined;
  if (payment.told || payment.ussd === undefined) return [];
  payment.attempts += 1;
  payment.told =
    readBack(item.text).includes(payment.ussd) ||
    payment.attempts >= MAX_READINGS;
  if (payment.told) return [];
  wantResponse(state, "payment", sayExactly(payment.spoken));
  return nextResponse(state, nowMs);
}
