import type { EasymoEvent } from "@easymo/messaging";
import type { RoutingTable } from "@easymo/routing";
import type { Clock, Logger } from "@easymo/service-kit";
import { z } from "zod";
import type { CallIdentity } from "../../call/call-state.js";
import type { AgentLimits } from "../../registry/agent-limits.js";
import { e164 } from "../../registry/call-identity.js";

export interface HandOverDeps {
  routing(): RoutingTable;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly modelSessionMaxMs: number;
  capacity(): "free" | "full" | "draining";
  readonly limits: AgentLimits;
  /** Whether the call is led here already. */
  isHere(callId: string): boolean;
  /** Makes the call this replica's; false when it is another one's. Never rejects. */
  claim(callId: string): Promise<boolean>;
  /** The call is this replica's to lead. */
  begin(identity: CallIdentity): void;
  /** Its agent may take no further call: it is passed on, or ended. */
  turnAway(identity: CallIdentity): void;
}

const payload = z.object({
  provider: z.literal("openai"),
  openaiCallId: z.string().min(1).max(200),
});

/** A call that was handed over longer ago is not on the line any more. */
const MAX_AGE_MS = 60_000;

/** No line is free here: the event goes to the retry topic, and so to a replica that has one. */
export class NoLineFreeError extends Error {
  readonly code = "no_line_free";
  readonly retryable = true;

  constructor() {
    super("No line is free for the call; it is offered again.");
    this.name = "NoLineFreeError";
  }
}

/**
 * Takes calls that were accepted over SIP (`sip.connected` of sip-ingress).
 * Replicas share the topic as one group, and the first to claim a call has it.
 */
export function sipHandOver(deps: HandOverDeps) {
  return async (event: EasymoEvent): Promise<void> => {
    if (event.type !== "sip.connected") return;
    const handed = payload.safeParse(event.data.payload);
    if (!handed.success) return;
    const ageMs = deps.clock.now() - Date.parse(event.time);
    if (ageMs > MAX_AGE_MS) return;
    const callId = handed.data.openaiCallId;
    const { tenantId, data } = event;
    const agent =
      data.agent === undefined
        ? undefined
        : deps.routing().findAgent(tenantId, data.agent);
    if (agent === undefined) {
      deps.logger.warn({ callId, tenantId }, "no agent for the SIP call");
      return;
    }
    if (deps.isHere(callId)) return;
    if (deps.capacity() !== "free") throw new NoLineFreeError();
    if (!(await deps.claim(callId))) return;
    const identity: CallIdentity = {
      callId,
      tenantId,
      agent,
      direction: "inbound",
      channel: "sip",
      channelName: channelName(deps, tenantId, data.to),
      from: data.from ?? "",
      to: data.to ?? "",
      person: data.from === undefined ? undefined : e164(data.from),
      requestId: event.requestId,
      traceparent: event.traceparent,
      modelSessionMaxMs: deps.modelSessionMaxMs,
    };
    // No other replica could take it either: the agent's calls are counted over all of them.
    if ((await deps.limits.admit(identity)) === undefined) deps.begin(identity);
    else deps.turnAway(identity);
  };
}

function channelName(
  deps: HandOverDeps,
  tenantId: string,
  to: string | undefined,
): string | undefined {
  const route = to === undefined ? undefined : deps.routing().find("sip", to);
  return route?.tenantId === tenantId ? route.channel.name : undefined;
}
