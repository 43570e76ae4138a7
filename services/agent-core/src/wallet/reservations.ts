import { randomUUID } from "node:crypto";
import { z } from "zod";
import { integerColumn, selectFirst, type Sql } from "../database/port.js";
import { invalidField, refusal } from "../http/problems.js";
import { ownsReservation } from "../http/tenancy.js";
import { ownId } from "../people/fields.js";
import { currentAccountId, lockAccounts, openAccount } from "./accounts.js";
import {
  externalAccount,
  type reservationShape,
  reservationStatuses,
} from "./fields.js";
import { post, refuse } from "./ledger.js";
import {
  closingObstacle,
  receivingObstacle,
  spendingObstacle,
  statusAt,
} from "./rules.js";

const defaultLifetimeMs = 24 * 60 * 60 * 1_000;
const columns =
  "reservation_id, account_id, intent_id, amount, currency, status, expires_at, captured_to, transaction_id, created_at";

const reservationRow = z
  .object({
    reservation_id: z.string(),
    account_id: z.string(),
    intent_id: z.string(),
    amount: integerColumn,
    currency: z.string(),
    status: z.enum(reservationStatuses),
    expires_at: z.date(),
    captured_to: z.string().nullable(),
    transaction_id: z.string().nullable(),
    created_at: z.date(),
  })
  .transform((row) => ({
    reservationId: row.reservation_id,
    accountId: row.account_id,
    intentId: row.intent_id,
    amount: row.amount,
    currency: row.currency,
    status: row.status,
    expiresAtMs: row.expires_at.getTime(),
    capturedTo: row.captured_to,
    transactionId: row.transaction_id,
    createdAtMs: row.created_at.getTime(),
  }));

/** An amount of an account that is held for something. */
export type Reservation = z.output<typeof reservationRow>;

/**
 * Holds an amount of a buyer's account, inside the request's transaction.
 *
 * @throws {Problem} when it is not there to be held
 */
export async function reserve(
  sql: Sql,
  tenantId: string,
  asked: {
    buyerId: string;
    intentId: string;
    amount: number;
    currency: string;
    expiresAtMs: number | undefined;
  },
  nowMs: number,
): Promise<Reservation> {
  if (asked.buyerId === externalAccount)
    throw invalidField("buyerId", "the world outside is no buyer");
  const expiresAtMs = asked.expiresAtMs ?? nowMs + defaultLifetimeMs;
  if (expiresAtMs <= nowMs)
    throw invalidField("expiresAt", "must be in the future");
  const accountId = await currentAccountId(sql, tenantId, asked.buyerId, {
    forMoving: true,
  });
  const { amount, currency } = asked;
  const wanted = { accountIds: [accountId], currency };
  const accounts = await lockAccounts(sql, tenantId, wanted, nowMs);
  refuse(spendingObstacle(accounts.get(accountId), { amount, currency }));
  return changed(
    sql,
    `insert into reservations (tenant_id, reservation_id, account_id, intent_id, amount, currency, status, expires_at, created_at)
     values ($1, $2, $3, $4, $5::bigint, $6, 'active', $7, $8) returning ${columns}`,
    [
      tenantId,
      randomUUID(),
      accountId,
      asked.intentId,
      amount,
      currency,
      new Date(expiresAtMs).toISOString(),
      new Date(nowMs).toISOString(),
    ],
  );
}

/**
 * Moves what was held: to the account that is named, else to that of the vendor whose purchase names the reservation, else
 * out of the platform.
 *
 * @throws {Problem} when the reservation is not active any more, or the amount may not go there
 */
export async function capture(
  sql: Sql,
  tenantId: string,
  asked: { reservationId: string; to: string | undefined },
  nowMs: number,
): Promise<Reservation> {
  const known = await knownReservation(sql, tenantId, asked.reservationId);
  const { accountId: from, reservationId, amount, currency } = known;
  const named =
    asked.to ??
    (await vendorOf(sql, tenantId, reservationId)) ??
    externalAccount;
  const to = await currentAccountId(sql, tenantId, named, { forMoving: true });
  if (to === from)
    throw invalidField("to", "must be another account than the buyer's");
  await openAccount(sql, tenantId, { accountId: to, currency }, nowMs);
  const wanted = { accountIds: [from, to], currency };
  const accounts = await lockAccounts(sql, tenantId, wanted, nowMs);
  // What was read before the lock may have been changed by whoever had it.
  const held = await knownReservation(sql, tenantId, reservationId);
  refuse(closingObstacle(held, nowMs));
  const receiver = accounts.get(to);
  if (receiver !== undefined)
    refuse(receivingObstacle(receiver, { amount, currency }, "to"));
  const transactionId = randomUUID();
  // First it is held no longer, then it goes: the account is never below what is held of it.
  const captured = await changed(
    sql,
    `update reservations set status = 'captured', captured_to = $3, transaction_id = $4, closed_at = $5
     where tenant_id = $1 and reservation_id = $2 and status = 'active' returning ${columns}`,
    [tenantId, reservationId, to, transactionId, new Date(nowMs).toISOString()],
  );
  const memo = `intent ${held.intentId}`;
  await post(
    sql,
    tenantId,
    {
      transactionId,
      kind: "capture",
      from: held.accountId,
      to,
      amount,
      currency,
      memo,
    },
    nowMs,
  );
  return captured;
}

/**
 * Holds it no longer.
 *
 * @throws {Problem} when it is not held any more
 */
export async function release(
  sql: Sql,
  tenantId: string,
  asked: { reservationId: string },
  nowMs: number,
): Promise<Reservation> {
  const known = await knownReservation(sql, tenantId, asked.reservationId);
  const { accountId, currency, reservationId } = known;
  const wanted = { accountIds: [accountId], currency };
  await lockAccounts(sql, tenantId, wanted, nowMs);
  refuse(
    closingObstacle(
      await knownReservation(sql, tenantId, reservationId),
      nowMs,
    ),
  );
  return changed(
    sql,
    `update reservations set status = 'released', closed_at = $3
     where tenant_id = $1 and reservation_id = $2 and status = 'active' returning ${columns}`,
    [tenantId, reservationId, new Date(nowMs).toISOString()],
  );
}

/**
 * The tenant's reservation of that id.
 *
 * @throws {Problem} 403 `wrong_tenant`, 404 `unknown_reservation`
 */
export async function knownReservation(
  sql: Sql,
  tenantId: string,
  reservationId: string,
): Promise<Reservation> {
  const id = ownId(reservationId);
  if (id !== undefined && (await ownsReservation(sql, tenantId, id))) {
    const found = await selectFirst(
      sql,
      reservationRow,
      `select ${columns} from reservations where tenant_id = $1 and reservation_id = $2`,
      [tenantId, id],
    );
    if (found !== undefined) return found;
  }
  throw refusal("unknown_reservation", "No reservation has this id", {
    field: "reservationId",
  });
}

/** The reservation as it is answered. Pure. */
export function shownReservation(
  reservation: Reservation,
  nowMs: number,
): z.input<typeof reservationShape> {
  const { accountId, expiresAtMs, createdAtMs, ...rest } = reservation;
  return {
    ...rest,
    buyerId: accountId,
    status: statusAt(reservation, nowMs),
    expiresAt: new Date(expiresAtMs).toISOString(),
    createdAt: new Date(createdAtMs).toISOString(),
  };
}

async function vendorOf(
  sql: Sql,
  tenantId: string,
  reservationId: string,
): Promise<string | undefined> {
  const found = await selectFirst(
    sql,
    z.object({ vendor_id: z.string() }),
    "select vendor_id from purchases where tenant_id = $1 and reservation_id = $2",
    [tenantId, reservationId],
  );
  return found?.vendor_id;
}

async function changed(
  sql: Sql,
  text: string,
  values: readonly (string | number)[],
): Promise<Reservation> {
  const row = await selectFirst(sql, reservationRow, text, values);
  if (row === undefined) throw new Error("the reservation was not written");
  return row;
}
