import type { AgentCoreClient, Lead } from "@easymo/agent-core-client";
import type {
  FeedEntry,
  OptOut,
  People,
  Person,
} from "../../console/src/wire.js";

const MAX_LEADS = 100;

/**
 * Leads and opt-outs as agent-core has them. Its registry answers for one
 * number at a time, so the numbers that were seen are asked for.
 */
export class PeopleDirectory {
  readonly #agentCore: AgentCoreClient;
  readonly #tenants: readonly string[];
  readonly #seen = new Map<string, Set<string>>();
  #asked: Promise<unknown> = Promise.resolve();
  #next: Promise<People> | undefined;

  constructor(agentCore: AgentCoreClient, tenants: readonly string[]) {
    this.#agentCore = agentCore;
    this.#tenants = tenants;
  }

  /** Learns numbers from what goes by. */
  take({ headers, data }: FeedEntry): void {
    const { ce_type: type, ce_tenantid: tenant } = headers;
    const phone = data.phone;
    if (!type?.endsWith(".opt_out") || tenant === undefined) return;
    if (typeof phone !== "string") return;
    const phones = this.#seen.get(tenant) ?? new Set<string>();
    this.#seen.set(tenant, phones);
    phones.add(phone);
  }

  /**
   * Rejects with AgentCoreError when agent-core does not answer. Whoever asks
   * while it is being asked shares one answer, which is asked for afterwards.
   */
  read(): Promise<People> {
    this.#next ??= this.#asked
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        const asked = this.#ask();
        this.#asked = asked;
        return asked;
      });
    return this.#next;
  }

  async #ask(): Promise<People> {
    const perTenant = await Promise.all(
      this.#tenants.map((tenant) => this.#readTenant(tenant)),
    );
    return {
      leads: perTenant.flatMap((people) => people.leads),
      optOuts: perTenant.flatMap((people) => people.optOuts),
    };
  }

  async #readTenant(tenant: string): Promise<People> {
    const tools = this.#agentCore.forTenant(tenant);
    const { leads } = await tools.leads({ limit: MAX_LEADS });
    const phones = new Set(this.#seen.get(tenant));
    for (const { phone, optedOut } of leads)
      if (phone !== null && optedOut) phones.add(phone);
    const statuses = await Promise.all(
      [...phones].map((phone) => tools.optOut(phone)),
    );
    const optOuts = statuses
      .filter((status) => status.optedOut)
      .map(({ phone, channel, at }): OptOut => ({
        tenant,
        phone,
        channel,
        at,
      }));
    return { leads: leads.map((lead) => personOf(tenant, lead)), optOuts };
  }
}

function personOf(tenant: string, lead: Lead): Person {
  return {
    tenant,
    name: lead.name ?? undefined,
    phone: lead.phone ?? undefined,
    language: lead.language ?? undefined,
    tags: lead.tags,
    optedOut: lead.optedOut,
  };
}
