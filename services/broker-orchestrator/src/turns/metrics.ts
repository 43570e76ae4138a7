import {
  secondsBuckets,
  type Counter,
  type Histogram,
  type Metrics,
} from "@easymo/service-kit";

export interface TurnMetrics {
  readonly turns: Counter<"by">;
  /** Why a model's answer was not used. */
  readonly fallbacks: Counter<"reason">;
  readonly tokens: Counter<"kind">;
  readonly toolCalls: Counter<"tool" | "outcome">;
  readonly toolSeconds: Histogram<"tool">;
  readonly limits: Counter<"limit">;
}

/** The metrics of conversation turns; asking twice gives the same ones. */
export function turnMetrics(metrics: Metrics): TurnMetrics {
  return {
    turns: metrics.counter(
      "easymo_whatsapp_turns_total",
      "WhatsApp turns answered, by what answered them: model, offline, rules",
      ["by"],
    ),
    fallbacks: metrics.counter(
      "easymo_whatsapp_turn_fallbacks_total",
      "WhatsApp turns for which the model's answer was not used, by reason",
      ["reason"],
    ),
    tokens: metrics.counter(
      "easymo_model_tokens_total",
      "Tokens used by the model, by kind",
      ["kind"],
    ),
    toolCalls: metrics.counter(
      "easymo_tool_calls_total",
      "Tools that the model called, by outcome",
      ["tool", "outcome"],
    ),
    limits: metrics.counter(
      "easymo_agent_limits_reached_total",
      "Times that an agent's limit stopped something, by which limit",
      ["limit"],
    ),
    toolSeconds: metrics.histogram(
      "easymo_tool_call_seconds",
      "How long a tool took",
      ["tool"],
      secondsBuckets,
    ),
  };
}
