import type { Route, RoutingTable } from "@easymo/routing";
import type { Party } from "./party.js";
import { formatSipUri, type SipUri } from "./sip-uri.js";

/** The channel that was called: by its SIP address, else by its number. */
export function routeOf(
  to: Party | undefined,
  routing: RoutingTable,
): Route | undefined {
  if (to === undefined) return undefined;
  const { uri, phone } = to;
  if (uri !== undefined)
    for (const spelling of spellings(uri)) {
      const route = routing.find("sip", spelling);
      if (route !== undefined) return route;
    }
  return phone === undefined ? undefined : routing.find("twilio", phone);
}

/** The name of the agent that answers there for this tenant; another tenant's channels do not exist for it. */
export function calledAgent(
  to: Party | undefined,
  tenantId: string,
  routing: RoutingTable,
): string | undefined {
  const route = routeOf(to, routing);
  return route?.tenantId === tenantId ? route.agent.name : undefined;
}

/** As it is, then without the port, then as `sip:`: a channel is the same over any transport. */
function spellings(uri: SipUri): string[] {
  const withoutPort = { ...uri, port: undefined };
  return [uri, withoutPort, { ...withoutPort, scheme: "sip" as const }].map(
    formatSipUri,
  );
}
