import type { Logger } from "@easymo/service-kit";
import type { StreamOutcome } from "../call/call-state.js";
import type { CallPorts } from "../call/ports.js";
import type { VoiceMetrics } from "../metrics.js";
import type { AgentLimits } from "./agent-limits.js";
import type { HungUpCalls } from "./hung-up-calls.js";
import type { StreamOutcomes } from "./stream-outcomes.js";

export interface CallEndedDeps {
  /** The call is nobody's any more. */
  leaves(callId: string): void;
  /** Ends or hands over a call whose audio OpenAI's SIP gateway has. */
  conclude(callId: string, outcome: StreamOutcome): void;
  readonly limits: Pick<AgentLimits, "release">;
  readonly outcomes: Pick<StreamOutcomes, "set">;
  readonly hungUp: Pick<HungUpCalls, "add">;
  readonly metrics: Pick<VoiceMetrics, "calls">;
  readonly logger: Logger;
}

/** What follows from a call's end: who else learns of it, and how the carrier goes on. */
export function callEnded(deps: CallEndedDeps): CallPorts["ended"] {
  return (call, reason, outcome) => {
    const { direction, callId, channel, tenantId } = call.identity;
    deps.leaves(callId);
    deps.limits.release(call.identity);
    if (channel === "sip" && reason !== "caller_hangup")
      deps.conclude(callId, outcome);
    deps.metrics.calls.inc({ direction, outcome: reason });
    // A stream that never came here may be another replica's, which knows how it goes on.
    if (call.isAttached || reason !== "connection_lost")
      deps.outcomes.set(
        callId,
        { outcome, language: call.language },
        channel === "twilio" &&
          reason !== "caller_hangup" &&
          reason !== "connection_lost",
      );
    if (!call.isAttached && reason !== "connection_lost")
      deps.hungUp.add(callId);
    deps.logger.info({ callId, reason, tenantId }, "call ended");
  };
}
