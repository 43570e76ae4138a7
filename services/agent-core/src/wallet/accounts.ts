import { z } from "zod";
import {
  integerColumn,
  select,
  selectFirst,
  type Sql,
} from "../database/port.js";
import { ownsBuyer } from "../http/tenancy.js";
import { ownId } from "../people/fields.js";
import { externalAccount } from "./fields.js";
import type { Account } from "./rules.js";

const whereabouts = z.object({ merged_into: z.string().nullable() });

const accountRow = z
  .object({
    account_id: z.string(),
    currency: z.string(),
    balance: integerColumn,
    reserved: integerColumn,
  })
  .transform((row): Account => ({
    accountId: row.account_id,
    currency: row.currency,
    balance: row.balance,
    reserved: row.reserved,
  }));

/**
 * The id under which an account goes now: an account, or a buyer, may have been joined into another one. With
 * `forMoving`, that stays so until the transaction ends.
 *
 * @throws {Problem} 403 `wrong_tenant` when it is the id of another tenant's buyer
 */
export async function currentAccountId(
  sql: Sql,
  tenantId: string,
  accountId: string,
  { forMoving }: { forMoving: boolean },
): Promise<string> {
  const lock = forMoving ? "for share" : "";
  for (let id = accountId; ;) {
    const buyerId = ownId(id);
    const buyer =
      buyerId !== undefined && (await ownsBuyer(sql, tenantId, buyerId))
        ? await selectFirst(
            sql,
            whereabouts,
            `select merged_into from buyers where tenant_id = $1 and buyer_id = $2 ${lock}`,
            [tenantId, buyerId],
          )
        : undefined;
    const account = await selectFirst(
      sql,
      whereabouts,
      "select merged_into from accounts where tenant_id = $1 and account_id = $2 limit 1",
      [tenantId, id],
    );
    const next = (account ?? buyer)?.merged_into ?? undefined;
    if (next === undefined) return id;
    id = next;
  }
}

/** Opens an account, unless it is open. */
export async function openAccount(
  sql: Sql,
  tenantId: string,
  { accountId, currency }: { accountId: string; currency: string },
  nowMs: number,
): Promise<void> {
  await sql.query(
    `insert into accounts (tenant_id, account_id, currency, opened_at) values ($1, $2, $3, $4) on conflict do nothing`,
    [tenantId, accountId, currency, new Date(nowMs).toISOString()],
  );
}

/**
 * The open ones of these accounts, nobody else at them until the transaction ends; what has expired by now is not reserved
 * any more. Of `external`, which has every currency, the one that is asked for.
 */
export async function lockAccounts(
  sql: Sql,
  tenantId: string,
  wanted: { accountIds: readonly string[]; currency: string },
  nowMs: number,
): Promise<ReadonlyMap<string, Account>> {
  const { accountIds, currency } = wanted;
  // Always in the same order, so that two that want the same ones do not wait for each other.
  const lock = (): Promise<Account[]> =>
    select(
      sql,
      accountRow,
      `select account_id, currency, balance, reserved from accounts
       where tenant_id = $1 and account_id = any($2::text[]) and merged_into is null
         and (account_id <> $3 or currency = $4)
       order by account_id for update`,
      [tenantId, accountIds, externalAccount, currency],
    );
  let accounts = await lock();
  if (await expireReservations(sql, tenantId, accountIds, nowMs))
    accounts = await lock();
  return new Map(accounts.map((account) => [account.accountId, account]));
}

/** Writes down which reservations of these accounts have expired; tells whether any had. */
async function expireReservations(
  sql: Sql,
  tenantId: string,
  accountIds: readonly string[],
  nowMs: number,
): Promise<boolean> {
  const { affectedRows } = await sql.query(
    `update reservations set status = 'expired', closed_at = expires_at
     where tenant_id = $1 and account_id = any($2::text[]) and status = 'active' and expires_at <= $3`,
    [tenantId, accountIds, new Date(nowMs).toISOString()],
  );
  return affectedRows > 0;
}
