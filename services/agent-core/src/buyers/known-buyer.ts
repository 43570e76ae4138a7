import { z } from "zod";
import type { Sql } from "../database/port.js";
import { refusal } from "../http/problems.js";
import { ownsBuyer } from "../http/tenancy.js";
import { ownId, text } from "../people/fields.js";
import type { Buyer } from "./buyer.js";
import { findBuyer } from "./store.js";

/** The path of everything that is one buyer's. */
export const buyerParams = z.object({ buyerId: text(128) });

/**
 * The tenant's buyer of that id, or the one that it was joined into.
 *
 * @throws {Problem} 403 `wrong_tenant`, 404 `unknown_buyer`
 */
export async function knownBuyer(
  sql: Sql,
  tenantId: string,
  buyerId: string,
): Promise<Buyer> {
  const id = ownId(buyerId);
  if (id !== undefined && (await ownsBuyer(sql, tenantId, id))) {
    const buyer = await findBuyer(sql, tenantId, id);
    if (buyer !== undefined) return buyer;
  }
  throw refusal("unknown_buyer", "Make the buyer first, with POST /buyers", {
    field: "buyerId",
  });
}
