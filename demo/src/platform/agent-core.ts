import {
  createAgentCore,
  createDatabase,
  type Database,
  readAgentCoreConfig,
  seedVendors,
} from "@easymo/agent-core";
import type { RoutingTable } from "@easymo/routing";
import type { ServiceApp } from "@easymo/service-kit";
import { kitFor, type PlatformOptions } from "./kit.js";

/** agent-core on a database in memory, with the queues that agents transfer to. */
export function agentCoreApp(
  options: PlatformOptions,
  jwtSecret: string,
): { readonly app: ServiceApp; readonly database: Database } {
  const kit = kitFor("agent-core", options);
  const config = readAgentCoreConfig({
    DATABASE_URL: "pglite:memory",
    AGENT_CORE_JWT_SECRET: jwtSecret,
    TRANSFER_QUEUES: queuesOf(options.routing),
  });
  const database = createDatabase(config.DATABASE_URL, kit);
  return { app: createAgentCore({ config, kit, database }), database };
}

/** Gives every tenant the vendors of Kigali; the schema has to be there. */
export async function seedEveryTenant(
  { routing, clock }: PlatformOptions,
  database: Database,
): Promise<void> {
  const tenants = new Set(routing.channels.map(({ tenant }) => tenant));
  for (const tenantId of tenants)
    await seedVendors(database, { tenantId, nowMs: clock.now() });
}

function queuesOf(routing: RoutingTable): string {
  const queues = new Map<string, string>();
  for (const { tenant, agent } of routing.channels) {
    const transfer = routing.findAgent(tenant, agent)?.transfer;
    if (transfer === undefined) continue;
    queues.set(`${tenant}/${transfer.queue}`, transfer.to);
  }
  return [...queues].map(([queue, to]) => `${queue}=${to}`).join(",");
}
