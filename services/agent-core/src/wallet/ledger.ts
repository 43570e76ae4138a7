import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Sql } from "../database/port.js";
import { invalidField, refusal } from "../http/problems.js";
import { currentAccountId, lockAccounts, openAccount } from "./accounts.js";
import type { transactionShape } from "./fields.js";
import { externalAccount } from "./fields.js";
import { type Obstacle, receivingObstacle, spendingObstacle } from "./rules.js";

/** A transaction as answers show it. */
type Transaction = z.input<typeof transactionShape>;

interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly amount: number;
  readonly currency: string;
  readonly memo: string | undefined;
}

/**
 * Moves an amount between two accounts, opening what needs to be open, inside the request's transaction.
 *
 * @throws {Problem} when it may not be moved
 */
export async function transfer(
  sql: Sql,
  tenantId: string,
  asked: Transfer,
  nowMs: number,
): Promise<Transaction> {
  const moving = { forMoving: true };
  const from = await currentAccountId(sql, tenantId, asked.from, moving);
  const to = await currentAccountId(sql, tenantId, asked.to, moving);
  if (from === to)
    throw invalidField("to", "must be another account than `from`");
  const { amount, currency } = asked;
  for (const accountId of [to, ...(from === externalAccount ? [from] : [])])
    await openAccount(sql, tenantId, { accountId, currency }, nowMs);
  const accounts = await lockAccounts(
    sql,
    tenantId,
    { accountIds: [from, to], currency },
    nowMs,
  );
  refuse(spendingObstacle(accounts.get(from), { amount, currency }));
  const receiver = accounts.get(to);
  if (receiver !== undefined)
    refuse(receivingObstacle(receiver, { amount, currency }, "currency"));
  return post(
    sql,
    tenantId,
    { ...asked, from, to, kind: "transfer", transactionId: randomUUID() },
    nowMs,
  );
}

/** Writes a transaction down. The accounts are open, locked, and may do it. */
export async function post(
  sql: Sql,
  tenantId: string,
  transaction: Transfer & Pick<Transaction, "transactionId" | "kind">,
  nowMs: number,
): Promise<Transaction> {
  const { transactionId, kind, from, to, amount, currency } = transaction;
  const memo = transaction.memo ?? null;
  const at = new Date(nowMs).toISOString();
  await sql.query(
    `insert into transactions (tenant_id, transaction_id, kind, currency, memo, created_at)
     values ($1, $2, $3, $4, $5, $6)`,
    [tenantId, transactionId, kind, currency, memo, at],
  );
  await sql.query(
    `insert into entries (tenant_id, transaction_id, account_id, currency, amount)
     values ($1, $2, $3, $5, -($6::bigint)), ($1, $2, $4, $5, $6::bigint)`,
    [tenantId, transactionId, from, to, currency, amount],
  );
  return { transactionId, kind, from, to, amount, currency, memo, at };
}

/** @throws {Problem} when there is an obstacle */
export function refuse(obstacle: Obstacle | undefined): void {
  if (obstacle === undefined) return;
  const { code, detail, field } = obstacle;
  throw refusal(code, detail, field === undefined ? {} : { field });
}
