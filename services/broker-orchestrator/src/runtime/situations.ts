import type { Agent, RoutingSource, RoutingTable } from "@easymo/routing";
import type { Clock } from "@easymo/service-kit";
import type { Situation } from "../machine/draft.js";

/** What is looked up in one routing document for each event. */
interface Lookups {
  readonly tenants: ReadonlySet<string>;
  readonly withWhatsApp: ReadonlySet<string>;
  readonly ours: Map<string, boolean>;
  readonly agents: Map<string, Agent | undefined>;
}

const MAX_REMEMBERED = 10_000;

/** What the routing document says, in the shape that the machine asks for. */
export class Situations {
  readonly #routing: RoutingSource;
  readonly #clock: Clock;
  readonly #canCall: boolean;
  readonly #handoverMs: number;
  readonly #lookups = new WeakMap<RoutingTable, Lookups>();

  constructor(options: {
    routing: RoutingSource;
    clock: Clock;
    canCall: boolean;
    handoverMs: number;
  }) {
    this.#routing = options.routing;
    this.#clock = options.clock;
    this.#canCall = options.canCall;
    this.#handoverMs = options.handoverMs;
  }

  tenants(): ReadonlySet<string> {
    return this.#now().lookups.tenants;
  }

  isTenant(tenantId: string): boolean {
    return this.#now().lookups.tenants.has(tenantId);
  }

  isOurs(tenantId: string, address: string): boolean {
    const { table, lookups } = this.#now();
    // A number is looked up as it is; a SIP URI is taken apart first.
    if (address.startsWith("+"))
      return table.find("twilio", address)?.tenantId === tenantId;
    const key = `${tenantId}\n${address}`;
    const known = lookups.ours.get(key);
    if (known !== undefined) return known;
    const ours = table.find("sip", address)?.tenantId === tenantId;
    if (lookups.ours.size >= MAX_REMEMBERED) lookups.ours.clear();
    lookups.ours.set(key, ours);
    return ours;
  }

  /** The agent by its name, or else one of the tenant's: on WhatsApp when there is one. */
  of(tenantId: string, agentName: string | undefined): Situation {
    const { table, lookups } = this.#now();
    const key = `${tenantId}\n${agentName ?? ""}`;
    let agent = lookups.agents.get(key);
    if (agent === undefined && !lookups.agents.has(key)) {
      agent = agentOf(table, tenantId, agentName);
      if (lookups.agents.size >= MAX_REMEMBERED) lookups.agents.clear();
      lookups.agents.set(key, agent);
    }
    return {
      nowMs: this.#clock.now(),
      agent,
      hasWhatsApp: lookups.withWhatsApp.has(tenantId),
      canCall: this.#canCall,
      handoverMs: this.#handoverMs,
    };
  }

  #now(): { table: RoutingTable; lookups: Lookups } {
    const table = this.#routing.current();
    let lookups = this.#lookups.get(table);
    if (lookups === undefined) {
      const { channels } = table;
      lookups = {
        tenants: new Set(channels.map(({ tenant }) => tenant)),
        withWhatsApp: new Set(
          channels
            .filter(({ kind }) => kind === "whatsapp")
            .map(({ tenant }) => tenant),
        ),
        ours: new Map(),
        agents: new Map(),
      };
      this.#lookups.set(table, lookups);
    }
    return { table, lookups };
  }
}

function agentOf(
  table: RoutingTable,
  tenantId: string,
  name: string | undefined,
): Agent | undefined {
  const named =
    name === undefined ? undefined : table.findAgent(tenantId, name);
  if (named !== undefined) return named;
  const own = table.channels.filter(({ tenant }) => tenant === tenantId);
  const channel = own.find(({ kind }) => kind === "whatsapp") ?? own[0];
  return channel === undefined
    ? undefined
    : table.findAgent(tenantId, channel.agent);
}
