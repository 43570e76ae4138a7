import { z } from "zod";
import { isCurrency } from "../payments/currencies.js";
import { ownId, text } from "../people/fields.js";

/** The account of the world outside: money comes in from it, and it alone may go below zero. */
export const externalAccount = "external";

/** The most that an account can come to: beyond it, numbers in JSON are not exact. */
export const maxBalance = Number.MAX_SAFE_INTEGER;

/** An account's id: a buyer's, a vendor's, `external`, or any name that the tenant gives. */
export const accountId = text(128)
  .transform((id) => ownId(id) ?? id)
  .meta({
    description:
      "A buyerId, a vendorId, `external` for the world outside, or any other name",
  });

/** An amount that moves. */
export const amount = z
  .int("must be a whole number of the currency's minor unit")
  .positive("must be more than 0")
  .meta({
    description:
      "In the currency's minor unit: 5000 RWF is 5,000 francs, 5000 EUR is 50 euros",
  });

export const currency = z
  .string()
  .refine(isCurrency, "must be an ISO 4217 code, for example RWF");

/** A moment, with any offset. */
export const moment = z.iso
  .datetime({ offset: true, error: "must be a time as RFC 3339 writes it" })
  .transform((value) => Date.parse(value));

export const reservationStatuses = [
  "active",
  "captured",
  "released",
  "expired",
] as const;
export type ReservationStatus = (typeof reservationStatuses)[number];

/** A transaction as answers show it. */
export const transactionShape = z
  .object({
    transactionId: z.uuid(),
    kind: z.enum(["transfer", "capture", "join"]),
    from: z.string(),
    to: z.string(),
    amount: z.int(),
    currency: z.string(),
    memo: z.string().nullable(),
    at: z.iso.datetime(),
  })
  .meta({ id: "Transaction" });

/** A reservation as answers show it. */
export const reservationShape = z
  .object({
    reservationId: z.uuid(),
    status: z.enum(reservationStatuses),
    buyerId: z
      .string()
      .meta({ description: "The account that it holds the amount of" }),
    intentId: z.string(),
    amount: z.int(),
    currency: z.string(),
    expiresAt: z.iso.datetime().meta({
      description: "From then on it holds nothing, and cannot be captured",
    }),
    capturedTo: z.string().nullable(),
    transactionId: z.uuid().nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: "Reservation" });

/** An account as answers show it. */
export const accountShape = z
  .object({
    id: z.string(),
    balance: z.int(),
    reserved: z
      .int()
      .meta({ description: "What active reservations hold of the balance" }),
    available: z.int().meta({ description: "The balance less that" }),
    currency: z.string(),
    openedAt: z.iso.datetime(),
  })
  .meta({ id: "Account" });

/** One line of an account. */
export const entryShape = z
  .object({
    transactionId: z.uuid(),
    kind: z.enum(["transfer", "capture", "join"]),
    amount: z
      .int()
      .meta({ description: "More than 0 came in, less than 0 went out" }),
    balance: z.int().meta({ description: "The account's balance after it" }),
    counterparty: z
      .string()
      .meta({ description: "The account on the other side" }),
    memo: z.string().nullable(),
    at: z.iso.datetime(),
  })
  .meta({ id: "Entry" });
