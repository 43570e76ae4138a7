import type { AgentCoreClient } from "@easymo/agent-core-client";
import type { People, personRef } from "../people.js";

/** What agent-core knows of someone before anything is shown or sent to them. */
export interface Standing {
  readonly optedOut: boolean;
  readonly name: string | undefined;
}

/**
 * Whether someone wants no more messages: by what the replicas know already, by the registry, or by anything else that the
 * same lead is known by. Rejects when agent-core cannot be asked.
 */
export async function standingOf(
  { tenantId, requestId }: { tenantId: string; requestId: string },
  person: ReturnType<typeof personRef>,
  deps: { agentCore: AgentCoreClient; people: People },
): Promise<Standing> {
  if (await deps.people.isStopped(tenantId, person))
    return { optedOut: true, name: undefined };
  const core = deps.agentCore.forTenant(tenantId, { requestId });
  const [{ lead }, registry] = await Promise.all([
    core.fetchLead(person),
    // A number may be in the registry without a lead.
    person.phone === undefined ? undefined : core.optOut(person.phone),
  ]);
  return {
    optedOut: lead?.optedOut === true || registry?.optedOut === true,
    name: lead?.name ?? undefined,
  };
}
