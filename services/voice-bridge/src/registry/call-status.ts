import { setTenant, type Logger } from "@easymo/service-kit";
import type { CallEvents } from "../call/call-events.js";
import type { CallIdentity } from "../call/call-state.js";
import type { VoiceMetrics } from "../metrics.js";
import type { CallStatus } from "../telephony/twilio/webhooks.js";
import type { CallDirectory } from "../replicas/call-directory.js";
import type { CarrierCall } from "./call-identity.js";
import type { AgentLimits } from "./agent-limits.js";
import type { HungUpCalls } from "./hung-up-calls.js";
import type { CallRegistry } from "./call-registry.js";

export interface CallStatusDeps {
  readonly registry: CallRegistry;
  readonly directory: CallDirectory;
  readonly events: CallEvents;
  readonly limits: AgentLimits;
  readonly hungUp: HungUpCalls;
  readonly metrics: VoiceMetrics;
  readonly logger: Logger;
  identify(call: CarrierCall, requestId: string): CallIdentity | undefined;
}

/** Ends of a call that never had a stream: Twilio's CallStatus values. */
const NOT_ANSWERED: ReadonlyMap<string, string> = new Map([
  ["busy", "busy"],
  ["no-answer", "no_answer"],
  ["failed", "failed"],
  ["canceled", "canceled"],
]);

/** What the carrier's status callbacks mean for a call; they come to any replica. */
export function callStatusHandler(deps: CallStatusDeps) {
  return (status: CallStatus): void => {
    const { call } = status;
    const identity = deps.identify(call, status.requestId);
    const live = deps.registry.get(call.callId);
    // A stream's own callbacks name no numbers.
    const whose = live?.identity ?? identity;
    if (whose !== undefined) setTenant(whose.tenantId);
    if (status.answeredBy?.startsWith("machine") === true)
      deps.directory.tell(call.callId, { do: "machine_answered" });
    if (status.streamError !== undefined)
      deps.logger.warn(
        { callId: call.callId, streamEvent: status.streamEvent },
        "the carrier reports a stream error",
      );
    const reason = NOT_ANSWERED.get(status.callStatus ?? "");
    if (reason !== undefined && live?.isAttached !== true)
      notAnswered(deps, identity, reason);
    const isOver = reason !== undefined || status.callStatus === "completed";
    // Of a call whose stream is here, the stream itself says so.
    if (isOver && live?.isAttached !== true) deps.hungUp.add(call.callId);
    // A caller who hangs up before the stream: the model waits for nobody.
    if (isOver) deps.directory.tell(call.callId, { do: "completed" });
  };
}

function notAnswered(
  deps: CallStatusDeps,
  identity: CallIdentity | undefined,
  reason: string,
): void {
  if (identity?.direction !== "outbound") return;
  deps.limits.release(identity);
  deps.events.notAnswered(identity, reason);
  deps.metrics.calls.inc({ direction: "outbound", outcome: reason });
}
