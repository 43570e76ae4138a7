import type { AgentCoreClient } from "@easymo/agent-core-client";
import type { Clock, Logger } from "@easymo/service-kit";
import type { CallObservation } from "./call/call-effects.js";
import type { CallEvents } from "./call/call-events.js";
import type { CallPorts } from "./call/ports.js";
import type { VoiceBridgeConfig } from "./config.js";
import type { FrameArena } from "./media/frame-writer.js";
import type { VoiceMetrics } from "./metrics.js";
import type { AgentLimits } from "./registry/agent-limits.js";
import { createOpenAiRealtime } from "./model/openai/openai-session.js";
import type { OptOutRegistrar } from "./opt-outs/opt-out-registrar.js";
import type { PaymentMessages } from "./payment/payment-messages.js";
import { runTool } from "./tools/tool-runner.js";

export interface CallPortsDeps {
  readonly arena: FrameArena;
  readonly agentCore: AgentCoreClient;
  readonly voice: VoiceMetrics;
  readonly limits: AgentLimits;
  readonly events: CallEvents;
  readonly optOuts: OptOutRegistrar;
  readonly payments: PaymentMessages;
  readonly clock: Clock;
  readonly logger: Logger;
}

const TOOL_TIMEOUT_MS = 5_000;
const MODEL_READY_TIMEOUT_MS = 5_000;

/** What every call of the service works with. */
export function createCallPorts(
  config: VoiceBridgeConfig,
  deps: CallPortsDeps,
): Omit<CallPorts, "ended" | "progressed"> {
  const { arena, clock, events, logger, voice: metrics } = deps;
  const forward = {
    inbound: metrics.forward.labels({ direction: "inbound" }),
    outbound: metrics.forward.labels({ direction: "outbound" }),
  };
  return {
    model: createOpenAiRealtime({
      url: config.OPENAI_REALTIME_URL,
      apiKey: config.OPENAI_API_KEY,
      arena,
      clock,
      logger,
      readyTimeoutMs: MODEL_READY_TIMEOUT_MS,
    }),
    events,
    clock,
    logger,
    runTool: (call, name, argumentsJson) =>
      runTool(
        {
          agentCore: ({ tenantId, requestId }) =>
            deps.agentCore.forTenant(tenantId, { requestId }),
          events,
          clock,
          logger,
          timeoutMs: TOOL_TIMEOUT_MS,
          observe: (tool, outcome, seconds) => {
            metrics.toolCalls.inc({ tool, outcome });
            metrics.toolSeconds.observe({ tool }, seconds);
          },
        },
        {
          identity: call.identity,
          language: call.language,
          name,
          argumentsJson,
        },
      ),
    registerOptOut: (call, via, phrase) =>
      deps.optOuts.register(call.identity, via, phrase),
    sendPaymentByWhatsApp: (call, paymentId, text) =>
      deps.payments.send(call.identity, paymentId, text),
    observe: (call, what) => {
      observe(metrics, what);
      if (what.metric === "tokens") deps.limits.used(call.identity, what.usage);
      if (what.metric === "limit")
        logger.info(
          { limit: what.limit, callId: call.identity.callId },
          "the agent's limit of time is met; the call is ended",
        );
    },
    observeForward: (direction, seconds) => forward[direction].observe(seconds),
    countFrames: (direction, frames) =>
      metrics.frames.inc({ direction }, frames),
  };
}

function observe(metrics: VoiceMetrics, what: CallObservation): void {
  switch (what.metric) {
    case "barge_in":
      metrics.bargeIn.inc();
      return;
    case "first_audio":
      metrics.firstAudio.observe(what.latencyMs / 1_000);
      return;
    case "tokens":
      for (const [kind, tokens] of Object.entries(what.usage))
        metrics.tokens.inc({ kind }, tokens);
      return;
    case "reconnect":
      metrics.reconnects.inc({ reason: what.reason });
      return;
    case "payment_prompt":
      metrics.paymentPrompts.inc({ method: what.method });
      return;
    case "model_error":
      metrics.modelErrors.inc({ code: what.code });
      return;
    case "limit":
      metrics.limits.inc({ limit: what.limit });
  }
}
