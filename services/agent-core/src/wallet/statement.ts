import { z } from "zod";
import { integerColumn, selectFirst, type Sql } from "../database/port.js";
import type { accountShape, entryShape } from "./fields.js";

const entryJson = z.object({
  position: z.int(),
  transaction_id: z.string(),
  kind: z.enum(["transfer", "capture", "join"]),
  amount: z.int(),
  balance: z.int(),
  counterparty: z.string(),
  memo: z.string().nullable(),
  created_at: z.string(),
});

const statementRow = z.object({
  account_id: z.string(),
  currency: z.string(),
  balance: integerColumn,
  reserved: integerColumn,
  opened_at: z.date(),
  entries: z.array(entryJson),
});

/** An account with one page of its entries, newest first. */
export interface Statement {
  readonly account: z.input<typeof accountShape>;
  readonly entries: z.input<typeof entryShape>[];
  /** The position of the last entry when there are older ones. */
  readonly next: string | null;
}

/**
 * The account and its entries as they were at one moment; undefined when it is not open. Of an account with several
 * currencies (`external`), the one that is asked for, else the one that was opened first.
 */
export async function statementOf(
  sql: Sql,
  tenantId: string,
  asked: {
    accountId: string;
    currency: string | undefined;
    limit: number;
    beforePosition: number | undefined;
  },
  nowMs: number,
): Promise<Statement | undefined> {
  // One statement sees one moment: the balance and the entries belong together.
  const row = await selectFirst(
    sql,
    statementRow,
    `select accounts.account_id, accounts.currency, accounts.balance, accounts.opened_at,
       (select coalesce(sum(amount), 0)::bigint from reservations
        where tenant_id = $1 and reservations.account_id = accounts.account_id
          and status = 'active' and expires_at > $3) as reserved,
       (select coalesce(json_agg(page order by page.position desc), '[]') from (
          select entries.position, entries.transaction_id, transactions.kind, entries.amount, entries.balance,
            (select other.account_id from entries other
             where other.tenant_id = $1 and other.transaction_id = entries.transaction_id
               and other.account_id <> entries.account_id limit 1) as counterparty,
            transactions.memo, transactions.created_at
          from entries join transactions on transactions.transaction_id = entries.transaction_id
          where entries.tenant_id = $1 and entries.account_id = accounts.account_id
            and entries.currency = accounts.currency and ($5::bigint is null or entries.position < $5::bigint)
          order by entries.position desc limit $6) page) as entries
     from accounts
     where accounts.tenant_id = $1 and accounts.account_id = $2 and ($4::text is null or accounts.currency = $4)
     order by accounts.opened_at, accounts.currency limit 1`,
    [
      tenantId,
      asked.accountId,
      new Date(nowMs).toISOString(),
      asked.currency ?? null,
      asked.beforePosition ?? null,
      // One more than asked for tells whether there is a next page.
      asked.limit + 1,
    ],
  );
  if (row === undefined) return undefined;
  const page = row.entries.slice(0, asked.limit);
  const last = page.at(-1);
  return {
    account: {
      id: row.account_id,
      balance: row.balance,
      reserved: row.reserved,
      available: row.balance - row.reserved,
      currency: row.currency,
      openedAt: row.opened_at.toISOString(),
    },
    entries: page.map(
      ({ transaction_id, created_at, position: _, ...rest }) => ({
        ...rest,
        transactionId: transaction_id,
        at: new Date(created_at).toISOString(),
      }),
    ),
    next:
      row.entries.length > asked.limit && last !== undefined
        ? String(last.position)
        : null,
  };
}
