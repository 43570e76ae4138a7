import { randomUUID } from "node:crypto";
import type { Sql } from "../database/port.js";
import { endOptOutsOfLead } from "../opt-outs/store.js";
import { type Identity, identitiesOf } from "../people/fields.js";
import { lock } from "../people/lock.js";
import {
  joined,
  type Lead,
  type LeadEvidence,
  newLead,
  withEvidence,
} from "./lead.js";
import {
  absorbLead,
  leadIdsOf,
  lockLeads,
  saveIdentities,
  saveLead,
} from "./store.js";

/**
 * Adds evidence of a person to what is known: a number and an id that come together belong to one person, so leads that
 * were apart until now become one. Runs inside the request's transaction.
 */
export async function logLead(
  sql: Sql,
  tenantId: string,
  evidence: LeadEvidence,
  nowMs: number,
): Promise<Lead> {
  const identities = identitiesOf(evidence);
  // Nobody else makes, or finds, a lead by these until this transaction ends. A join also touches leads that are known by
  // other things, so joins of one tenant happen one at a time.
  for (const identity of identities)
    await lock(sql, [tenantId, identity.kind, identity.value]);
  const known = await lockedLeadOf(sql, tenantId, identities);
  const lead = withEvidence(
    known ?? newLead(randomUUID(), nowMs),
    evidence,
    nowMs,
  );
  await saveLead(sql, tenantId, lead);
  await saveIdentities(sql, tenantId, lead.leadId, identities, nowMs);
  if (evidence.optIn === true)
    await endOptOutsOfLead(sql, tenantId, lead.leadId, {
      nowMs,
      by: evidence.source ?? "log-lead",
    });
  return lead;
}

async function lockedLeadOf(
  sql: Sql,
  tenantId: string,
  identities: readonly Identity[],
): Promise<Lead | undefined> {
  let joining = false;
  for (;;) {
    const ids = await leadIdsOf(sql, tenantId, identities);
    if (ids.length > 1 && !joining) {
      joining = true;
      await lock(sql, [tenantId, "join"]);
      continue;
    }
    const leads = await lockLeads(sql, tenantId, ids);
    // A join by someone else took one of them away while we waited for the lock: ask again whose the identities are.
    if (leads.length < ids.length) continue;
    return joinAll(sql, tenantId, leads);
  }
}

async function joinAll(
  sql: Sql,
  tenantId: string,
  leads: readonly Lead[],
): Promise<Lead | undefined> {
  let whole: Lead | undefined;
  for (const lead of leads) {
    if (whole === undefined) {
      whole = lead;
      continue;
    }
    const { survivor, absorbed } = joined(whole, lead);
    await absorbLead(sql, tenantId, {
      survivorId: survivor.leadId,
      absorbedId: absorbed.leadId,
    });
    whole = survivor;
  }
  return whole;
}
