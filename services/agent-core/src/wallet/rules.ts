import type { ProblemCode } from "../http/problems.js";
import { writtenAmount } from "../payments/currencies.js";
import {
  externalAccount,
  maxBalance,
  type ReservationStatus,
} from "./fields.js";

/** An account as it is, with nobody else at it. */
export interface Account {
  readonly accountId: string;
  readonly currency: string;
  readonly balance: number;
  /** What reservations that have not expired hold of the balance. */
  readonly reserved: number;
}

/** Why money stays where it is. */
export interface Obstacle {
  readonly code: Extract<
    ProblemCode,
    | "insufficient_funds"
    | "currency_mismatch"
    | "amount_too_large"
    | "reservation_closed"
    | "reservation_expired"
  >;
  readonly detail: string;
  readonly field?: string;
}

interface Money {
  readonly amount: number;
  readonly currency: string;
}

/** Whether the amount may leave the account, or be held of it; an account that is not open has nothing. Pure. */
export function spendingObstacle(
  account: Account | undefined,
  { amount, currency }: Money,
): Obstacle | undefined {
  if (account === undefined)
    return {
      code: "insufficient_funds",
      detail: "Nothing was ever paid into this account",
      field: "amount",
    };
  if (account.currency !== currency)
    return otherCurrency(account.currency, "currency");
  if (account.accountId === externalAccount)
    return account.balance - amount < -maxBalance ? tooLarge() : undefined;
  if (account.balance - account.reserved < amount)
    return {
      code: "insufficient_funds",
      detail: `${writtenAmount(account.balance - account.reserved, currency)} can be spent of this account`,
      field: "amount",
    };
  return undefined;
}

/** Whether the amount may come into the account. Pure. */
export function receivingObstacle(
  account: Account,
  { amount, currency }: Money,
  field: string,
): Obstacle | undefined {
  if (account.currency !== currency)
    return otherCurrency(account.currency, field);
  return account.balance + amount > maxBalance ? tooLarge() : undefined;
}

/** Whether a reservation can still be captured or released. Pure. */
export function closingObstacle(
  reservation: { status: ReservationStatus; expiresAtMs: number },
  nowMs: number,
): Obstacle | undefined {
  const status = statusAt(reservation, nowMs);
  if (status === "active") return undefined;
  return status === "expired"
    ? {
        code: "reservation_expired",
        detail: `It expired at ${new Date(reservation.expiresAtMs).toISOString()}; make a new one`,
      }
    : { code: "reservation_closed", detail: `It was ${status} before` };
}

/** What a reservation is by now: one whose time is over has expired, whether or not that has been written down. Pure. */
export function statusAt(
  { status, expiresAtMs }: { status: ReservationStatus; expiresAtMs: number },
  nowMs: number,
): ReservationStatus {
  return status === "active" && expiresAtMs <= nowMs ? "expired" : status;
}

function otherCurrency(currency: string, field: string): Obstacle {
  return {
    code: "currency_mismatch",
    detail: `The account is kept in ${currency}`,
    field,
  };
}

function tooLarge(): Obstacle {
  return {
    code: "amount_too_large",
    detail: `No account can come to more than ${maxBalance}`,
    field: "amount",
  };
}
