import {
  createEvent,
  deriveEventId,
  recordOf,
  type BusRecord,
} from "@easymo/messaging";
import type { Route } from "@easymo/routing";
import type { IncomingCall } from "./incoming-call.js";

const SOURCE = "/sip-ingress/openai";

/**
 * What tells voice-bridge of a call that was accepted: `sip.ringing`, then `sip.connected`, whose payload says where the
 * side-band socket is. Ids come from OpenAI's call id, so that a repeat is the same event.
 */
export function handOver(
  call: IncomingCall,
  route: Route,
  context: {
    readonly at: string;
    readonly requestId: string;
    readonly traceparent: string | undefined;
  },
): BusRecord[] {
  const { callId, timestamp, from, to } = call;
  const { at, requestId, traceparent } = context;
  const { tenantId, agent } = route;
  return (["sip.ringing", "sip.connected"] as const).map((type) =>
    recordOf(
      "voice.sip.events",
      createEvent(type, {
        id: deriveEventId("openai", callId, type),
        source: SOURCE,
        tenantId,
        requestId,
        subject: callId,
        ...(traceparent === undefined ? {} : { traceparent }),
        data: {
          callId,
          tenantId,
          agent: agent.name,
          at,
          timestamp,
          payload: { provider: "openai", openaiCallId: callId },
          ...(from === undefined ? {} : { from: from.address }),
          ...(to === undefined ? {} : { to: to.address }),
        },
      }),
    ),
  );
}
