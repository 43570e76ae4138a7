import type { RoutingTable } from "@easymo/routing";
import type { Business } from "../../console/src/whatsapp/wire.js";

/** Whoever can be written to on WhatsApp. */
export function businessesOf(routing: RoutingTable): Business[] {
  return routing.channels
    .filter((channel) => channel.kind === "whatsapp")
    .map(({ address, tenant, agent }) => ({
      id: address,
      tenant,
      agent,
      languages: routing.findAgent(tenant, agent)?.languages ?? [],
    }));
}
