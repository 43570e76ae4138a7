import { z } from "zod";
import { integerColumn, select, type Sql } from "../database/port.js";

/** What a ledger comes to, read from its entries alone. */
export interface Audit {
  readonly unbalanced: readonly string[];
  /** Accounts whose kept balance or reserved amount is not what entries and reservations come to. */
  readonly wrongSums: readonly string[];
  /** Accounts other than `external` with less than is reserved of them, or less than nothing. */
  readonly belowLimit: readonly string[];
  /** How many transactions there are of each memo. */
  readonly transactionsByMemo: ReadonlyMap<string, number>;
  readonly balances: ReadonlyMap<string, number>;
}

const idRow = z.object({ id: z.string() }).transform(({ id }) => id);
const countRow = z.object({ id: z.string(), count: integerColumn });

/** Adds everything of one tenant up anew. */
export async function auditOf(sql: Sql, tenantId: string): Promise<Audit> {
  const ids = (text: string): Promise<string[]> =>
    select(sql, idRow, text, [tenantId]);
  const counts = async (text: string): Promise<Map<string, number>> =>
    new Map(
      (await select(sql, countRow, text, [tenantId])).map(({ id, count }) => [
        id,
        count,
      ]),
    );
  const sums = `select accounts.*,
      (select coalesce(sum(amount), 0) from entries where entries.tenant_id = $1
         and entries.account_id = accounts.account_id and entries.currency = accounts.currency) as came_to,
      (select coalesce(sum(amount), 0) from reservations where reservations.tenant_id = $1
         and reservations.account_id = accounts.account_id and status = 'active') as held
    from accounts where tenant_id = $1`;
  return {
    unbalanced: await ids(
      `select transaction_id::text as id from transactions where tenant_id = $1 and (
         select coalesce(sum(amount), 1) from entries where entries.transaction_id = transactions.transaction_id) <> 0`,
    ),
    wrongSums: await ids(
      `select account_id as id from (${sums}) summed where balance <> came_to or reserved <> held`,
    ),
    belowLimit: await ids(
      `select account_id as id from (${sums}) summed
       where account_id <> 'external' and (came_to < held or came_to < 0)`,
    ),
    transactionsByMemo: await counts(
      "select coalesce(memo, '') as id, count(*) as count from transactions where tenant_id = $1 group by memo",
    ),
    balances: await counts(
      "select account_id as id, balance as count from accounts where tenant_id = $1",
    ),
  };
}
