import { randomUUID } from "node:crypto";
import { z } from "zod";
import { select, selectFirst, type Sql } from "../database/port.js";
import { lockAccounts, openAccount } from "./accounts.js";
import { post } from "./ledger.js";

const idRow = z.object({ reservation_id: z.string() });
const currencyRow = z.object({ currency: z.string() });

/**
 * Two accounts turned out to be one person's: the balance of one, with what is held of it, goes to the other, by a
 * transaction like any other. Accounts in different currencies stay apart, each under its own id.
 */
export async function joinAccounts(
  sql: Sql,
  tenantId: string,
  ids: { survivorId: string; absorbedId: string },
  nowMs: number,
): Promise<void> {
  const { survivorId, absorbedId } = ids;
  const currency = await currencyOf(sql, tenantId, absorbedId);
  if (currency === undefined) return;
  await openAccount(sql, tenantId, { accountId: survivorId, currency }, nowMs);
  const accounts = await lockAccounts(
    sql,
    tenantId,
    { accountIds: [survivorId, absorbedId], currency },
    nowMs,
  );
  const absorbed = accounts.get(absorbedId);
  if (absorbed === undefined) return;
  if (accounts.get(survivorId)?.currency !== currency) return;
  const held = await letGo(sql, tenantId, absorbedId);
  if (absorbed.balance > 0)
    await post(
      sql,
      tenantId,
      {
        transactionId: randomUUID(),
        kind: "join",
        from: absorbedId,
        to: survivorId,
        amount: absorbed.balance,
        currency,
        memo: "two accounts of one buyer",
      },
      nowMs,
    );
  await sql.query(
    "update reservations set account_id = $3 where tenant_id = $1 and account_id = $2",
    [tenantId, absorbedId, survivorId],
  );
  await sql.query(
    `update reservations set status = 'active', closed_at = null
     where tenant_id = $1 and reservation_id = any($2::uuid[])`,
    [tenantId, held],
  );
  await sql.query(
    "update accounts set merged_into = $3 where tenant_id = $1 and account_id = $2",
    [tenantId, absorbedId, survivorId],
  );
}

/**
 * What is held cannot stay while the balance goes, nor go before it: for a moment that nobody else sees, it is held
 * nowhere.
 */
async function letGo(
  sql: Sql,
  tenantId: string,
  accountId: string,
): Promise<string[]> {
  const rows = await select(
    sql,
    idRow,
    `update reservations set status = 'released'
     where tenant_id = $1 and account_id = $2 and status = 'active' returning reservation_id`,
    [tenantId, accountId],
  );
  return rows.map((row) => row.reservation_id);
}

async function currencyOf(
  sql: Sql,
  tenantId: string,
  accountId: string,
): Promise<string | undefined> {
  const found = await selectFirst(
    sql,
    currencyRow,
    "select currency from accounts where tenant_id = $1 and account_id = $2 and merged_into is null",
    [tenantId, accountId],
  );
  return found?.currency;
}
