import { z } from "zod";
import { select, selectFirst, type Sql } from "../database/port.js";
import { columnsOf, type Identity } from "../people/fields.js";
import type { Lead } from "./lead.js";

const columns =
  "lead_id, phone, user_id, name, language, source, last_channel, tags, opt_in, created_at, updated_at";

const leadRow = z
  .object({
    lead_id: z.string(),
    phone: z.string().nullable(),
    user_id: z.string().nullable(),
    name: z.string().nullable(),
    language: z.string().nullable(),
    source: z.string().nullable(),
    last_channel: z.string().nullable(),
    tags: z.array(z.string()),
    opt_in: z.boolean().nullable(),
    created_at: z.date(),
    updated_at: z.date(),
  })
  .transform((row): Lead => ({
    leadId: row.lead_id,
    phone: row.phone,
    userId: row.user_id,
    name: row.name,
    language: row.language,
    source: row.source,
    lastChannel: row.last_channel,
    tags: row.tags,
    optIn: row.opt_in,
    createdAtMs: row.created_at.getTime(),
    updatedAtMs: row.updated_at.getTime(),
  }));

const idRow = z.object({ lead_id: z.string() });

/** The ids of the leads that are known by any of these. */
export async function leadIdsOf(
  sql: Sql,
  tenantId: string,
  identities: readonly Identity[],
): Promise<string[]> {
  const rows = await select(
    sql,
    idRow,
    `select distinct lead_id from lead_identities
     where tenant_id = $1 and (kind, value) in (select * from unnest($2::text[], $3::text[]))
     order by lead_id`,
    [tenantId, ...columnsOf(identities)],
  );
  return rows.map((row) => row.lead_id);
}

/** The lead of that id, or the one that it was joined into. */
export function findLead(
  sql: Sql,
  tenantId: string,
  leadId: string,
): Promise<Lead | undefined> {
  return selectFirst(
    sql,
    leadRow,
    `with recursive chain as (
       select * from leads where tenant_id = $1 and lead_id = $2
       union all
       select leads.* from leads join chain on leads.lead_id = chain.merged_into
       where leads.tenant_id = $1
     )
     select ${columns} from chain where merged_into is null`,
    [tenantId, leadId],
  );
}

/** The leads of these ids that have not been joined into others, locked until the transaction ends. */
export function lockLeads(
  sql: Sql,
  tenantId: string,
  leadIds: readonly string[],
): Promise<Lead[]> {
  return select(
    sql,
    leadRow,
    `select ${columns} from leads
     where tenant_id = $1 and lead_id = any($2::uuid[]) and merged_into is null
     order by lead_id for update`,
    [tenantId, leadIds],
  );
}

/** Keeps a lead as it is now, new or known. */
export async function saveLead(
  sql: Sql,
  tenantId: string,
  lead: Lead,
): Promise<void> {
  await sql.query(
    `insert into leads (tenant_id, ${columns})
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9::text[], $10, $11, $12)
     on conflict (lead_id) do update set
       phone = excluded.phone, user_id = excluded.user_id, name = excluded.name, language = excluded.language,
       source = excluded.source, last_channel = excluded.last_channel,
       tags = excluded.tags, opt_in = excluded.opt_in, updated_at = excluded.updated_at
     where leads.tenant_id = excluded.tenant_id`,
    [
      tenantId,
      lead.leadId,
      lead.phone,
      lead.userId,
      lead.name,
      lead.language,
      lead.source,
      lead.lastChannel,
      lead.tags,
      lead.optIn,
      new Date(lead.createdAtMs).toISOString(),
      new Date(lead.updatedAtMs).toISOString(),
    ],
  );
}

/** From now on, the lead is known by these. */
export async function saveIdentities(
  sql: Sql,
  tenantId: string,
  leadId: string,
  identities: readonly Identity[],
  nowMs: number,
): Promise<void> {
  await sql.query(
    `insert into lead_identities (tenant_id, kind, value, lead_id, seen_at)
     select $1, kind, value, $4::uuid, $5::timestamptz from unnest($2::text[], $3::text[]) as given (kind, value)
     on conflict (tenant_id, kind, value) do update set lead_id = excluded.lead_id, seen_at = excluded.seen_at`,
    [tenantId, ...columnsOf(identities), leadId, new Date(nowMs).toISOString()],
  );
}

/** Everything that was the absorbed lead's is the survivor's. */
export async function absorbLead(
  sql: Sql,
  tenantId: string,
  ids: { survivorId: string; absorbedId: string },
): Promise<void> {
  const values = [tenantId, ids.survivorId, ids.absorbedId];
  await sql.query(
    "update lead_identities set lead_id = $2 where tenant_id = $1 and lead_id = $3",
    values,
  );
  await sql.query(
    "update calls set lead_id = $2 where tenant_id = $1 and lead_id = $3",
    values,
  );
  await sql.query(
    "update leads set merged_into = $2 where tenant_id = $1 and lead_id = $3",
    values,
  );
}

/** One page, newest first, of those created before the position. */
export function pageOfLeads(
  sql: Sql,
  tenantId: string,
  page: {
    limit: number;
    after: { createdAtMs: number; leadId: string } | undefined;
  },
): Promise<Lead[]> {
  const { limit, after } = page;
  return select(
    sql,
    leadRow,
    `select ${columns} from leads
     where tenant_id = $1 and merged_into is null
       and ($2::timestamptz is null or (created_at, lead_id) < ($2::timestamptz, $3::uuid))
     order by created_at desc, lead_id desc limit $4`,
    [
      tenantId,
      after === undefined ? null : new Date(after.createdAtMs).toISOString(),
      after === undefined ? null : after.leadId,
      limit,
    ],
  );
}
