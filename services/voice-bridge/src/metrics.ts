import { secondsBuckets, type Metrics } from "@easymo/service-kit";
import type { Counter, Histogram } from "prom-client";

const FINE_SECONDS = [
  0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01,
  0.02, 0.05, 0.1,
];
const FIRST_AUDIO_SECONDS = [0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10];

export interface VoiceMetrics {
  readonly calls: Counter<"direction" | "outcome">;
  readonly frames: Counter<"direction">;
  readonly firstAudio: Histogram;
  readonly bargeIn: Counter;
  readonly forward: Histogram<"direction">;
  readonly tokens: Counter<"kind">;
  readonly reconnects: Counter<"reason">;
  readonly modelErrors: Counter<"code">;
  readonly optOuts: Counter<"channel">;
  readonly paymentPrompts: Counter<"method">;
  readonly toolCalls: Counter<"tool" | "outcome">;
  readonly toolSeconds: Histogram<"tool">;
  readonly idempotency: Counter<"surface" | "outcome">;
  readonly limits: Counter<"limit">;
}

/** The bridge's own metrics; see the contract's section on metrics. */
export function voiceMetrics(
  metrics: Metrics,
  activeCalls: () => number,
): VoiceMetrics {
  metrics.gauge(
    "easymo_voice_calls_active",
    "Calls with a caller on the line",
    [],
    (gauge) => gauge.set(activeCalls()),
  );
  return {
    calls: metrics.counter(
      "easymo_voice_calls_total",
      "Calls that ended, by direction and how",
      ["direction", "outcome"],
    ),
    frames: metrics.counter(
      "easymo_voice_frames_total",
      "Media messages forwarded (inbound: from the caller), or dropped as malformed",
      ["direction"],
    ),
    firstAudio: metrics.histogram(
      "easymo_voice_first_audio_seconds",
      "From the end of the caller's turn, as the model told it, to the first audio sent",
      [],
      FIRST_AUDIO_SECONDS,
    ),
    bargeIn: metrics.counter(
      "easymo_voice_barge_in_total",
      "Times that a caller spoke over the agent",
    ),
    forward: metrics.histogram(
      "easymo_voice_forward_seconds",
      "Time that a media message spent in the process, sampled",
      ["direction"],
      FINE_SECONDS,
    ),
    tokens: metrics.counter(
      "easymo_model_tokens_total",
      "Tokens used by the model, by kind",
      ["kind"],
    ),
    reconnects: metrics.counter(
      "easymo_model_reconnects_total",
      "Model sessions opened anew within a call, by reason",
      ["reason"],
    ),
    modelErrors: metrics.counter(
      "easymo_model_errors_total",
      "Error events of the model, by code",
      ["code"],
    ),
    optOuts: metrics.counter(
      "easymo_opt_outs_total",
      "Opt-outs that reached the registry, by channel",
      ["channel"],
    ),
    paymentPrompts: metrics.counter(
      "easymo_payment_prompts_total",
      "Payments that a caller was told how to make, by method",
      ["method"],
    ),
    toolCalls: metrics.counter(
      "easymo_tool_calls_total",
      "Tool calls of the model, by tool and outcome",
      ["tool", "outcome"],
    ),
    idempotency: metrics.counter(
      "easymo_idempotency_total",
      "Requests with an Idempotency-Key, by what became of the key",
      ["surface", "outcome"],
    ),
    limits: metrics.counter(
      "easymo_agent_limits_reached_total",
      "Times that an agent's limit stopped something, by which limit",
      ["limit"],
    ),
    toolSeconds: metrics.histogram(
      "easymo_tool_call_seconds",
      "Duration of the model's tool calls",
      ["tool"],
      secondsBuckets,
    ),
  };
}
