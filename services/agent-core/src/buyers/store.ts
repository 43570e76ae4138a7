import { z } from "zod";
import { select, selectFirst, type Sql } from "../database/port.js";
import { columnsOf, type Identity } from "../people/fields.js";
import type { Buyer } from "./buyer.js";

const columns = "buyer_id, phone, user_id, name, created_at, updated_at";

const buyerRow = z
  .object({
    buyer_id: z.string(),
    phone: z.string().nullable(),
    user_id: z.string().nullable(),
    name: z.string().nullable(),
    created_at: z.date(),
    updated_at: z.date(),
  })
  .transform((row): Buyer => ({
    buyerId: row.buyer_id,
    phone: row.phone,
    userId: row.user_id,
    name: row.name,
    createdAtMs: row.created_at.getTime(),
    updatedAtMs: row.updated_at.getTime(),
  }));

const identityRow = z.object({
  kind: z.enum(["phone", "user"]),
  value: z.string(),
});

/** The buyers who are known by any of these, locked until the transaction ends. */
export function lockBuyersOf(
  sql: Sql,
  tenantId: string,
  identities: readonly Identity[],
): Promise<Buyer[]> {
  return select(
    sql,
    buyerRow,
    `select ${columns} from buyers
     where tenant_id = $1 and merged_into is null and buyer_id in (
       select buyer_id from buyer_identities
       where tenant_id = $1 and (kind, value) in (select * from unnest($2::text[], $3::text[])))
     order by buyer_id for update`,
    [tenantId, ...columnsOf(identities)],
  );
}

/** The buyer of that id, or the one that it was joined into. */
export function findBuyer(
  sql: Sql,
  tenantId: string,
  buyerId: string,
): Promise<Buyer | undefined> {
  return selectFirst(
    sql,
    buyerRow,
    `with recursive chain as (
       select * from buyers where tenant_id = $1 and buyer_id = $2
       union all
       select buyers.* from buyers join chain on buyers.buyer_id = chain.merged_into where buyers.tenant_id = $1
     )
     select ${columns} from chain where merged_into is null`,
    [tenantId, buyerId],
  );
}

/** Everything that a buyer was ever seen with. */
export function identitiesOfBuyer(
  sql: Sql,
  tenantId: string,
  buyerId: string,
): Promise<Identity[]> {
  return select(
    sql,
    identityRow,
    "select kind, value from buyer_identities where tenant_id = $1 and buyer_id = $2 order by kind, value",
    [tenantId, buyerId],
  );
}

/** Keeps a buyer as it is now, new or known. */
export async function saveBuyer(
  sql: Sql,
  tenantId: string,
  buyer: Buyer,
): Promise<void> {
  await sql.query(
    `insert into buyers (tenant_id, ${columns}) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (buyer_id) do update set
       phone = excluded.phone, user_id = excluded.user_id, name = excluded.name, updated_at = excluded.updated_at
     where buyers.tenant_id = excluded.tenant_id`,
    [
      tenantId,
      buyer.buyerId,
      buyer.phone,
      buyer.userId,
      buyer.name,
      new Date(buyer.createdAtMs).toISOString(),
      new Date(buyer.updatedAtMs).toISOString(),
    ],
  );
}

/** From now on, the buyer is known by these. */
export async function saveIdentities(
  sql: Sql,
  tenantId: string,
  buyerId: string,
  identities: readonly Identity[],
  nowMs: number,
): Promise<void> {
  await sql.query(
    `insert into buyer_identities (tenant_id, kind, value, buyer_id, seen_at)
     select $1, kind, value, $4::uuid, $5::timestamptz from unnest($2::text[], $3::text[]) as given (kind, value)
     on conflict (tenant_id, kind, value) do update set buyer_id = excluded.buyer_id, seen_at = excluded.seen_at`,
    [
      tenantId,
      ...columnsOf(identities),
      buyerId,
      new Date(nowMs).toISOString(),
    ],
  );
}

/** Everything that was the absorbed buyer's is the survivor's; of two conversations, the one that went on longer. */
export async function absorbBuyer(
  sql: Sql,
  tenantId: string,
  ids: { survivorId: string; absorbedId: string },
): Promise<void> {
  const values = [tenantId, ids.survivorId, ids.absorbedId];
  const statements = [
    "update buyer_identities set buyer_id = $2 where tenant_id = $1 and buyer_id = $3",
    "update intents set buyer_id = $2 where tenant_id = $1 and buyer_id = $3",
    "update purchases set buyer_id = $2 where tenant_id = $1 and buyer_id = $3",
    `delete from received_rankings gone where gone.tenant_id = $1 and gone.buyer_id = $3 and exists (
       select 1 from received_rankings kept where kept.buyer_id = $2 and kept.ranking_id = gone.ranking_id)`,
    "update received_rankings set buyer_id = $2 where tenant_id = $1 and buyer_id = $3",
    `delete from conversations gone using conversations kept
     where gone.tenant_id = $1 and gone.buyer_id in ($2, $3) and kept.buyer_id in ($2, $3)
       and gone.buyer_id <> kept.buyer_id and (gone.at, gone.buyer_id) < (kept.at, kept.buyer_id)`,
    "update conversations set buyer_id = $2 where tenant_id = $1 and buyer_id = $3",
    "update buyers set merged_into = $2 where tenant_id = $1 and buyer_id = $3",
  ];
  for (const statement of statements) await sql.query(statement, values);
}
