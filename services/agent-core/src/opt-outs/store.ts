import { randomUUID } from "node:crypto";
import { z } from "zod";
import { select, selectFirst, type Sql } from "../database/port.js";
import { columnsOf, type Identity } from "../people/fields.js";
import { withPeople } from "../people/links.js";

/** That a person wants no more of it: where they said so first, and when. */
export interface OptOut {
  readonly channel: string;
  readonly atMs: number;
}

const optOutRow = z
  .object({ channel: z.string(), at: z.date() })
  .transform((row): OptOut => ({
    channel: row.channel,
    atMs: row.at.getTime(),
  }));
const leadRow = z.object({ lead_id: z.string() });
const originRow = z.object({ origin: z.string() });

/**
 * The opt-out in force of a person: of anything that they are named by, and of anything else that the same lead or buyer is
 * known by. The earliest, when there are several.
 */
export function optOutOf(
  sql: Sql,
  tenantId: string,
  identities: readonly Identity[],
): Promise<OptOut | undefined> {
  return selectFirst(
    sql,
    optOutRow,
    `${withPeople}
     select opt_outs.channel, opt_outs.at
     from opt_outs join person on person.kind = opt_outs.kind and person.value = opt_outs.value
     where opt_outs.tenant_id = $1 and opt_outs.ended_at is null
     order by opt_outs.at, opt_outs.opt_out_id limit 1`,
    [tenantId, ...columnsOf(identities)],
  );
}

/** Which of these values are of people who are opted out, by anything that they are known by. */
export async function optedOutAmong(
  sql: Sql,
  tenantId: string,
  identities: readonly Identity[],
): Promise<ReadonlySet<string>> {
  if (identities.length === 0) return new Set();
  const rows = await select(
    sql,
    originRow,
    `${withPeople}
     select distinct person.origin
     from opt_outs join person on person.kind = opt_outs.kind and person.value = opt_outs.value
     where opt_outs.tenant_id = $1 and opt_outs.ended_at is null`,
    [tenantId, ...columnsOf(identities)],
  );
  return new Set(rows.map((row) => row.origin));
}

/** Which of the leads are opted out, by anything that they are known by. */
export async function leadsOptedOut(
  sql: Sql,
  tenantId: string,
  leadIds: readonly string[],
): Promise<ReadonlySet<string>> {
  if (leadIds.length === 0) return new Set();
  const rows = await select(
    sql,
    leadRow,
    `select distinct known.lead_id
     from lead_identities known
     join opt_outs on opt_outs.tenant_id = known.tenant_id and opt_outs.kind = known.kind and opt_outs.value = known.value
     where known.tenant_id = $1 and known.lead_id = any($2::uuid[]) and opt_outs.ended_at is null`,
    [tenantId, leadIds],
  );
  return new Set(rows.map((row) => row.lead_id));
}

/** Puts what is not there yet into the registry; tells how many were new. */
export async function addOptOuts(
  sql: Sql,
  tenantId: string,
  identities: readonly Identity[],
  said: { channel: string; reason: string | undefined; nowMs: number },
): Promise<number> {
  let added = 0;
  for (const { kind, value } of identities) {
    const { affectedRows } = await sql.query(
      `insert into opt_outs (tenant_id, opt_out_id, kind, value, channel, reason, at)
       values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (tenant_id, kind, value) where ended_at is null do nothing`,
      [
        tenantId,
        randomUUID(),
        kind,
        value,
        said.channel,
        said.reason ?? null,
        new Date(said.nowMs).toISOString(),
      ],
    );
    added += affectedRows;
  }
  return added;
}

/** Ends every opt-out of a lead; the history stays. */
export async function endOptOutsOfLead(
  sql: Sql,
  tenantId: string,
  leadId: string,
  end: { nowMs: number; by: string },
): Promise<void> {
  await sql.query(
    `update opt_outs set ended_at = $3, ended_by = $4
     from lead_identities known
     where known.tenant_id = $1 and known.lead_id = $2::uuid
       and opt_outs.tenant_id = $1 and opt_outs.kind = known.kind and opt_outs.value = known.value
       and opt_outs.ended_at is null`,
    [tenantId, leadId, new Date(end.nowMs).toISOString(), end.by],
  );
}
