import { z } from "zod";
import { selectFirst, type Sql } from "../database/port.js";
import { type Call, dispositionCodes } from "./fields.js";

const columns =
  "call_id, lead_id, direction, platform, region, disposition_code, disposition_notes, disposition_at, created_at";

const callRow = z
  .object({
    call_id: z.string(),
    lead_id: z.string().nullable(),
    direction: z.enum(["inbound", "outbound"]),
    platform: z.string(),
    region: z.string().nullable(),
    disposition_code: z.enum(dispositionCodes).nullable(),
    disposition_notes: z.string().nullable(),
    disposition_at: z.date().nullable(),
    created_at: z.date(),
  })
  .transform((row): Call => ({
    callId: row.call_id,
    leadId: row.lead_id,
    direction: row.direction,
    platform: row.platform,
    region: row.region,
    disposition:
      row.disposition_code === null || row.disposition_at === null
        ? null
        : {
            code: row.disposition_code,
            notes: row.disposition_notes,
            at: row.disposition_at.toISOString(),
          },
    createdAt: row.created_at.toISOString(),
  }));

/** What a new call is recorded with. */
export interface NewCall {
  readonly callId: string;
  readonly leadId: string | undefined;
  readonly direction: "inbound" | "outbound";
  readonly platform: string;
  readonly region: string | undefined;
}

/** Records a call, unless its id is taken; by whom is for the caller to find out. */
export async function insertCall(
  sql: Sql,
  tenantId: string,
  call: NewCall,
  nowMs: number,
): Promise<void> {
  await sql.query(
    `insert into calls (tenant_id, call_id, lead_id, direction, platform, region, created_at)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (call_id) do nothing`,
    [
      tenantId,
      call.callId,
      call.leadId ?? null,
      call.direction,
      call.platform,
      call.region ?? null,
      new Date(nowMs).toISOString(),
    ],
  );
}

/** Adds what was not known when the call was recorded; what was known stays. */
export function completeCall(
  sql: Sql,
  tenantId: string,
  call: NewCall,
): Promise<Call | undefined> {
  return selectFirst(
    sql,
    callRow,
    `update calls set lead_id = coalesce(lead_id, $3::uuid), region = coalesce(region, $4)
     where tenant_id = $1 and call_id = $2 returning ${columns}`,
    [tenantId, call.callId, call.leadId ?? null, call.region ?? null],
  );
}

/** Says how a call ended; a later word replaces an earlier one. */
export function setDisposition(
  sql: Sql,
  tenantId: string,
  callId: string,
  disposition: { code: string; notes: string | undefined; nowMs: number },
): Promise<Call | undefined> {
  return selectFirst(
    sql,
    callRow,
    `update calls set disposition_code = $3, disposition_notes = $4, disposition_at = $5
     where tenant_id = $1 and call_id = $2 returning ${columns}`,
    [
      tenantId,
      callId,
      disposition.code,
      disposition.notes ?? null,
      new Date(disposition.nowMs).toISOString(),
    ],
  );
}
