import { z } from "zod";
import { nullable } from "../fields.js";

/**
 * The answers of the wallet. Only what the contract promises is required, for it may be a server of the user's own.
 * Amounts are integers in the currency's minor unit.
 */

const reservationSchema = z.object({
  reservationId: z.string().min(1),
  /** `active`, `captured`, `released` or `expired` in the reference implementation. */
  status: z.string(),
  buyerId: nullable(z.string()),
  intentId: nullable(z.string()),
  amount: nullable(z.int()),
  currency: nullable(z.string()),
  expiresAt: nullable(z.string()),
  /** The account that a captured amount went to. */
  capturedTo: nullable(z.string()),
  transactionId: nullable(z.string()),
});

const transactionSchema = z.object({
  transactionId: z.string().min(1),
  from: z.string(),
  to: z.string(),
  amount: z.int(),
  currency: z.string(),
  memo: nullable(z.string()),
  at: nullable(z.string()),
});

const accountSchema = z.object({
  id: z.string().min(1),
  balance: z.int(),
  /** How much of the balance active reservations hold. */
  reserved: z.int(),
  currency: z.string(),
});

const entrySchema = z.object({
  transactionId: z.string().min(1),
  /** More than zero came in, less went out. */
  amount: z.int(),
  /** The account's balance after it. */
  balance: nullable(z.int()),
  /** The account on the other side. */
  counterparty: nullable(z.string()),
  memo: nullable(z.string()),
  at: nullable(z.string()),
});

export const reservationAnswer = z.object({ reservation: reservationSchema });
export const transactionAnswer = z.object({ transaction: transactionSchema });
export const accountAnswer = z.object({
  account: accountSchema,
  entries: z.array(entrySchema),
  next: nullable(z.string()),
});

export type Reservation = z.output<typeof reservationSchema>;
export type Transaction = z.output<typeof transactionSchema>;
export type Account = z.output<typeof accountSchema>;
export type AccountEntry = z.output<typeof entrySchema>;
/** An account with one page of its entries, newest first. */
export type AccountPage = z.output<typeof accountAnswer>;

/** The account of the world outside: money comes in from it, and it alone may go below zero. */
export const externalAccount = "external";

export interface ReserveBody {
  readonly buyerId: string;
  readonly intentId: string;
  readonly amount: number;
  readonly currency: string;
  /** RFC 3339; a day from now by default. */
  readonly expiresAt?: string;
}

export interface TransferBody {
  readonly from: string;
  readonly to: string;
  readonly amount: number;
  readonly currency: string;
  readonly memo?: string;
}

export interface CaptureBody {
  /** An account; by default the vendor's whose purchase names the reservation, else `external`. */
  readonly to?: string;
}
