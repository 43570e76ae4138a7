import { z } from "zod";
import { select, type Sql } from "../database/port.js";
import type { Vendor } from "./vendor.js";

const vendorRow = z
  .object({
    vendor_id: z.string(),
    name: z.string(),
    phone: z.string(),
    area: z.string(),
    rating: z.number().nullable(),
    response_seconds: z.int().nullable(),
    items: z.array(
      z.object({ name: z.string(), price: z.int(), currency: z.string() }),
    ),
  })
  .transform((row): Vendor => ({
    vendorId: row.vendor_id,
    name: row.name,
    phone: row.phone,
    area: row.area,
    rating: row.rating,
    responseSeconds: row.response_seconds,
    items: row.items,
  }));

/** Keeps a vendor as it is now, new or known, with its whole catalogue. */
export async function saveVendor(
  sql: Sql,
  tenantId: string,
  vendor: Vendor,
  nowMs: number,
): Promise<void> {
  const { vendorId, items } = vendor;
  await sql.query(
    `insert into vendors (tenant_id, vendor_id, name, phone, area, rating, response_seconds, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
     on conflict (tenant_id, vendor_id) do update set
       name = excluded.name, phone = excluded.phone, area = excluded.area, rating = excluded.rating,
       response_seconds = excluded.response_seconds, updated_at = excluded.updated_at`,
    [
      tenantId,
      vendorId,
      vendor.name,
      vendor.phone,
      vendor.area,
      vendor.rating,
      vendor.responseSeconds,
      new Date(nowMs).toISOString(),
    ],
  );
  await sql.query(
    "delete from vendor_items where tenant_id = $1 and vendor_id = $2",
    [tenantId, vendorId],
  );
  await sql.query(
    `insert into vendor_items (tenant_id, vendor_id, position, name, price, currency)
     select $1, $2, position, name, price, currency
     from unnest($3::text[], $4::bigint[], $5::text[]) with ordinality as given (name, price, currency, position)`,
    [
      tenantId,
      vendorId,
      items.map(({ name }) => name),
      items.map(({ price }) => String(price)),
      items.map(({ currency }) => currency),
    ],
  );
}

/** The tenant's vendors by vendorId, those after the given one; all of them without a limit. */
export function vendorsOf(
  sql: Sql,
  tenantId: string,
  page: { after?: string | undefined; limit?: number },
): Promise<Vendor[]> {
  return select(
    sql,
    vendorRow,
    `select vendor_id, name, phone, area, rating, response_seconds,
       (select coalesce(json_agg(json_build_object('name', name, 'price', price, 'currency', currency) order by position), '[]')
        from vendor_items where vendor_items.tenant_id = $1 and vendor_items.vendor_id = vendors.vendor_id) as items
     from vendors
     where tenant_id = $1 and ($2::text is null or vendor_id collate "C" > $2::text)
     order by vendor_id collate "C" limit $3`,
    [tenantId, page.after ?? null, page.limit ?? null],
  );
}
