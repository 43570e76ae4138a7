import { z } from "zod";
import { selectFirst, type Sql } from "../database/port.js";
import { externalAccount } from "../wallet/fields.js";
import { refusal } from "./problems.js";
import type { RawInput } from "./route.js";

const owner = z.object({ tenant_id: z.string() });
const named = z.object({ tenantId: z.unknown() });

/**
 * Whose call it is: true when it is the tenant's own, false when nobody knows it.
 *
 * @throws {Problem} 403 `wrong_tenant` when it is another's
 */
export function ownsCall(
  sql: Sql,
  tenantId: string,
  callId: string,
): Promise<boolean> {
  return owns(sql, tenantId, {
    query: "select tenant_id from calls where call_id = $1",
    id: callId,
    field: "callId",
  });
}

/** The same for a lead. */
export function ownsLead(
  sql: Sql,
  tenantId: string,
  leadId: string,
): Promise<boolean> {
  return owns(sql, tenantId, {
    query: "select tenant_id from leads where lead_id = $1",
    id: leadId,
    field: "leadId",
  });
}

/** The same for a buyer. */
export function ownsBuyer(
  sql: Sql,
  tenantId: string,
  buyerId: string,
): Promise<boolean> {
  return owns(sql, tenantId, {
    query: "select tenant_id from buyers where buyer_id = $1",
    id: buyerId,
    field: "buyerId",
  });
}

/** The same for a handover. */
export function ownsHandover(
  sql: Sql,
  tenantId: string,
  handoverId: string,
): Promise<boolean> {
  return owns(sql, tenantId, {
    query: "select tenant_id from handovers where handover_id = $1",
    id: handoverId,
    field: "handoverId",
  });
}

/** The same for a reservation. */
export function ownsReservation(
  sql: Sql,
  tenantId: string,
  reservationId: string,
): Promise<boolean> {
  return owns(sql, tenantId, {
    query: "select tenant_id from reservations where reservation_id = $1",
    id: reservationId,
    field: "reservationId",
  });
}

/**
 * The same for an account or a vendor. They go by names that each tenant gives as it likes: a name that the tenant has itself
 * is its own, whoever else has one like it, and one that only others have is another's. Asked of what must be there, never
 * of what the request may open. The world outside (`external`) is everybody's own.
 */
export function ownsNamed(
  sql: Sql,
  tenantId: string,
  kind: "account" | "vendor",
  id: string,
  field: string,
): Promise<boolean> {
  const [table, column] =
    kind === "account" ? ["accounts", "account_id"] : ["vendors", "vendor_id"];
  return owns(sql, tenantId, {
    query: `select tenant_id from ${table}
            where ${column} = $1 and (tenant_id = $2 or $1 <> '${externalAccount}')
            order by tenant_id <> $2 limit 1`,
    id,
    field,
    more: [tenantId],
  });
}

/**
 * A request may say for which tenant it is meant; it must be the token's. What is left of the input has no `tenantId`.
 *
 * @throws {Problem} 403 `wrong_tenant`
 */
export function forTenant(raw: RawInput, tenantId: string): RawInput {
  const checked = (part: unknown): unknown => {
    if (typeof part !== "object" || part === null || Array.isArray(part))
      return part;
    if (!Object.hasOwn(part, "tenantId")) return part;
    if (named.parse(part).tenantId !== tenantId) throw wrongTenant("tenantId");
    return Object.fromEntries(
      Object.entries(part).filter(([name]) => name !== "tenantId"),
    );
  };
  return {
    params: checked(raw.params),
    query: checked(raw.query),
    body: checked(raw.body),
  };
}

async function owns(
  sql: Sql,
  tenantId: string,
  what: {
    query: string;
    id: string;
    field: string;
    more?: readonly string[];
  },
): Promise<boolean> {
  // The one kind of query that looks past the tenant: to tell "not yours" from "not there".
  const found = await selectFirst(sql, owner, what.query, [
    what.id,
    ...(what.more ?? []),
  ]);
  if (found !== undefined && found.tenant_id !== tenantId)
    throw wrongTenant(what.field);
  return found !== undefined;
}

function wrongTenant(field: string) {
  return refusal(
    "wrong_tenant",
    `${field} names something that is not the tenant's whose token this is`,
    { field },
  );
}
