import { createRecord, deriveEventId, type BusRecord } from "@easymo/messaging";
import type { SipEvent } from "./sip-event.js";

const SOURCE = "/sip-ingress/events";
const MAX_REASON_CHARACTERS = 1_024;

/** What an event is told with, besides itself. */
export interface EventContext {
  readonly eventId: string;
  readonly tenantId: string;
  /** Undefined when no channel of the tenant has the called address. */
  readonly agent: string | undefined;
  readonly at: string;
  readonly requestId: string;
  readonly traceparent: string | undefined;
}

/** The record of `sip.*`. */
export function sipRecord(event: SipEvent, context: EventContext): BusRecord {
  const { callId, from, to, timestamp, payload, idempotencyKey } = event;
  const { tenantId, agent, at } = context;
  return createRecord("voice.sip.events", `sip.${event.event}`, {
    ...envelope(event, context),
    id: context.eventId,
    // One shape, whatever is absent: JSON leaves that out.
    data: {
      callId,
      tenantId,
      from: from?.address,
      to: to?.address,
      agent,
      at,
      timestamp,
      payload,
      idempotencyKey,
    },
  });
}

/** The record of `call.stop` that goes with `sip.ended`; its id comes from that event's. */
export function callStopRecord(
  event: SipEvent,
  context: EventContext,
  durationMs: number,
): BusRecord {
  return createRecord("voice.contact.events", "call.stop", {
    ...envelope(event, context),
    id: deriveEventId(context.eventId, "call.stop"),
    data: {
      ...callData(event, context),
      reason: reasonOf(event),
      durationMs,
      usage: {},
      latency: { turns: 0, p50: null, p95: null, max: null },
    },
  });
}

/** From the answer to the end, by the signaller's clock; 0 for a call whose answer was not seen. */
export function durationOf(
  endedAt: string,
  connectedAt: string | undefined,
): number {
  if (connectedAt === undefined) return 0;
  return Math.max(0, Date.parse(endedAt) - Date.parse(connectedAt));
}

function reasonOf({ payload }: SipEvent): string {
  if (typeof payload !== "object" || payload === null || Array.isArray(payload))
    return "ended";
  const { reason } = payload;
  return typeof reason === "string" && reason.trim() !== ""
    ? reason.trim().slice(0, MAX_REASON_CHARACTERS)
    : "ended";
}

function envelope(event: SipEvent, context: EventContext) {
  const { tenantId, requestId, traceparent } = context;
  return {
    tenantId,
    source: SOURCE,
    requestId,
    subject: event.callId,
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

function callData(event: SipEvent, context: EventContext) {
  const { callId, from, to } = event;
  const { tenantId, agent, at } = context;
  return {
    callId,
    tenantId,
    ...(from === undefined ? {} : { from: from.address }),
    ...(to === undefined ? {} : { to: to.address }),
    ...(agent === undefined ? {} : { agent }),
    at,
  };
}
