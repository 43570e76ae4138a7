import type { Agent, RoutingTable } from "@easymo/routing";
import { currentTraceparent } from "@easymo/service-kit";
import { parsePhoneNumberFromString } from "libphonenumber-js/min";
import type { CallIdentity, Direction } from "../call/call-state.js";

/** What the carrier says of a call; numbers as it writes them. */
export interface CarrierCall {
  readonly callId: string;
  readonly from: string;
  readonly to: string;
  readonly direction: Direction;
  /** Which agent of ours dialled; undefined on inbound calls. */
  readonly agentName: string | undefined;
}

/** Who answers, or dialled: found by our own number, whatever the caller says. */
export function identityOf(
  call: CarrierCall,
  routing: RoutingTable,
  requestId: string,
  modelSessionMaxMs: number,
): CallIdentity | undefined {
  const inbound = call.direction === "inbound";
  const route = routing.find("twilio", inbound ? call.to : call.from);
  if (route === undefined) return undefined;
  const agent = dialledBy(call, routing, route.tenantId) ?? route.agent;
  return {
    callId: call.callId,
    tenantId: route.tenantId,
    agent,
    direction: call.direction,
    channel: "twilio",
    channelName: route.channel.name,
    from: call.from,
    to: call.to,
    person: e164(inbound ? call.from : call.to),
    requestId,
    traceparent: currentTraceparent(),
    modelSessionMaxMs,
  };
}

function dialledBy(
  call: CarrierCall,
  routing: RoutingTable,
  tenantId: string,
): Agent | undefined {
  if (call.direction === "inbound" || call.agentName === undefined)
    return undefined;
  return routing.findAgent(tenantId, call.agentName);
}

/** Undefined for a number that is withheld or no number ("anonymous"). */
export function e164(number: string): string | undefined {
  return parsePhoneNumberFromString(number)?.number;
}
