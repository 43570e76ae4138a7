import type { Route, RoutingTable } from "@easymo/routing";
import type { Party } from "./party.js";
import type { GivenParty } from "./sip-event.js";
import { formatSipUri, type SipUri } from "./sip-uri.js";

/** The channel that was called: by its SIP address, else by its number, else by the trunk that it came in by. */
export function routeOf(
  to: Party | undefined,
  routing: RoutingTable,
): Route | undefined {
  if (to === undefined) return undefined;
  const { uri, phone } = to;
  const spelt = uri === undefined ? [] : spellings(uri);
  return (
    first(spelt, (spelling) => routing.findExact("sip", spelling)) ??
    (phone === undefined ? undefined : routing.find("twilio", phone)) ??
    first(spelt, (spelling) => routing.findTrunk(spelling))
  );
}

function first(
  spelt: readonly string[],
  find: (spelling: string) => Route | undefined,
): Route | undefined {
  for (const spelling of spelt) {
    const route = find(spelling);
    if (route !== undefined) return route;
  }
  return undefined;
}

/** How many called addresses are remembered. */
const MAX_ADDRESSES = 10_000;

/** Which agents answer where; remembers what it looked up in the present routing document. */
export class CalledAgents {
  #routing: RoutingTable | undefined;
  #known = new Map<string, Route | undefined>();

  /** Where it came in for this tenant; another tenant's channels do not exist for it. */
  calledBy(
    to: GivenParty | undefined,
    tenantId: string,
    routing: RoutingTable,
  ): Route | undefined {
    if (to === undefined) return undefined;
    const route = this.#routeOf(to, routing);
    return route?.tenantId === tenantId ? route : undefined;
  }

  #routeOf(to: GivenParty, routing: RoutingTable): Route | undefined {
    if (routing !== this.#routing || this.#known.size >= MAX_ADDRESSES) {
      this.#routing = routing;
      this.#known = new Map();
    }
    const known = this.#known.get(to.given);
    if (known !== undefined || this.#known.has(to.given)) return known;
    const route = routeOf(to, routing);
    this.#known.set(to.given, route);
    return route;
  }
}

/** As it is, then without the port, then as `sip:`: a channel is the same over any transport. */
function spellings(uri: SipUri): string[] {
  const withoutPort = { ...uri, port: undefined };
  return [uri, withoutPort, { ...withoutPort, scheme: "sip" as const }].map(
    formatSipUri,
  );
}
