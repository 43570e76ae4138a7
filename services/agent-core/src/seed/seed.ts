import type { Database } from "../database/port.js";
import { saveVendor } from "../vendors/store.js";
import { kigaliVendors } from "./kigali-vendors.js";

/**
 * Gives a tenant the demo's vendors; those of them that it has already become again what they were. The schema has to be
 * up to date.
 *
 * @returns how many there are
 */
export async function seedVendors(
  database: Database,
  { tenantId, nowMs }: { tenantId: string; nowMs: number },
): Promise<number> {
  await database.transaction(async (sql) => {
    for (const vendor of kigaliVendors)
      await saveVendor(sql, tenantId, vendor, nowMs);
  });
  return kigaliVendors.length;
}
