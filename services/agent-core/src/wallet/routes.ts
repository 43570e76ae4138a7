import { z } from "zod";
import { refusal } from "../http/problems.js";
import { defaultPage, nextPage, pageLimit } from "../http/page.js";
import { defineRoute, type Route, unused } from "../http/route.js";
import { ownsNamed } from "../http/tenancy.js";
import { optional, text } from "../people/fields.js";
import { currentAccountId } from "./accounts.js";
import {
  accountId,
  accountShape,
  amount,
  currency,
  entryShape,
  moment,
  reservationShape,
  transactionShape,
} from "./fields.js";
import { transfer } from "./ledger.js";
import { capture, release, reserve, shownReservation } from "./reservations.js";
import { statementOf } from "./statement.js";

const reservationParams = z.object({ reservationId: text(128) });
const reservationAnswer = z.object({ reservation: reservationShape });

const transferRoute = defineRoute({
  method: "post",
  path: "/wallet/transfer",
  operationId: "transfer",
  tag: "wallet",
  summary:
    "Moves an amount between two accounts; the first transfer to an account opens it, in its currency",
  effect: "write",
  serializable: true,
  params: unused,
  query: unused,
  body: z.object({
    from: accountId,
    to: accountId,
    amount,
    currency,
    memo: optional(text(500)),
  }),
  answer: z.object({ transaction: transactionShape }),
  problems: [
    "wrong_tenant",
    "insufficient_funds",
    "currency_mismatch",
    "amount_too_large",
  ],
  async handle({ body }, { sql, tenantId, nowMs }) {
    await ownsNamed(sql, tenantId, "account", body.from, "from");
    return { transaction: await transfer(sql, tenantId, body, nowMs) };
  },
});

const accountRoute = defineRoute({
  method: "get",
  path: "/wallet/accounts/{accountId}",
  operationId: "account",
  tag: "wallet",
  summary:
    "An account with its entries, newest first, page by page; a buyer who was joined into another has that one's account",
  effect: "read",
  params: z.object({ accountId }),
  query: z.strictObject({
    limit: optional(pageLimit),
    after: optional(
      z
        .string()
        .regex(/^\d{1,15}$/, "must be the `next` of an earlier page")
        .transform(Number),
    ),
    currency: optional(currency).meta({
      description: "Of `external`, which has an account in each",
    }),
  }),
  body: unused,
  answer: z.object({
    account: accountShape,
    entries: z.array(entryShape),
    next: nextPage,
  }),
  problems: ["wrong_tenant", "unknown_account"],
  async handle({ params, query }, { sql, tenantId, nowMs }) {
    const { accountId: asked } = params;
    await ownsNamed(sql, tenantId, "account", asked, "accountId");
    const id = await currentAccountId(sql, tenantId, asked, {
      forMoving: false,
    });
    const statement = await statementOf(
      sql,
      tenantId,
      {
        accountId: id,
        currency: query.currency,
        limit: query.limit ?? defaultPage,
        beforePosition: query.after,
      },
      nowMs,
    );
    if (statement === undefined)
      throw refusal(
        "unknown_account",
        "An account is opened by the first transfer to it",
        { field: "accountId" },
      );
    return statement;
  },
});

const reserveRoute = defineRoute({
  method: "post",
  path: "/wallet/reservations",
  operationId: "reserve",
  tag: "wallet",
  summary:
    "Holds an amount of a buyer's account until it is captured, released, or expires (a day from now unless said otherwise)",
  effect: "write",
  serializable: true,
  params: unused,
  query: unused,
  body: z.object({
    buyerId: accountId,
    intentId: text(512),
    amount,
    currency,
    expiresAt: optional(moment),
  }),
  answer: reservationAnswer,
  problems: ["wrong_tenant", "insufficient_funds", "currency_mismatch"],
  async handle({ body }, { sql, tenantId, nowMs }) {
    await ownsNamed(sql, tenantId, "account", body.buyerId, "buyerId");
    const asked = { ...body, expiresAtMs: body.expiresAt };
    const reservation = await reserve(sql, tenantId, asked, nowMs);
    return { reservation: shownReservation(reservation, nowMs) };
  },
});

const captureRoute = defineRoute({
  method: "post",
  path: "/wallet/reservations/{reservationId}/capture",
  operationId: "captureReservation",
  tag: "wallet",
  summary:
    "Moves what was held: to the account that is named, else to the vendor whose purchase names the reservation, else to `external`",
  effect: "write",
  serializable: true,
  params: reservationParams,
  query: unused,
  body: optional(z.object({ to: optional(accountId) })),
  answer: reservationAnswer,
  problems: [
    "wrong_tenant",
    "unknown_reservation",
    "reservation_closed",
    "reservation_expired",
    "currency_mismatch",
    "amount_too_large",
  ],
  async handle({ params, body }, { sql, tenantId, nowMs }) {
    const asked = { ...params, to: body?.to };
    const reservation = await capture(sql, tenantId, asked, nowMs);
    return { reservation: shownReservation(reservation, nowMs) };
  },
});

const releaseRoute = defineRoute({
  method: "post",
  path: "/wallet/reservations/{reservationId}/release",
  operationId: "releaseReservation",
  tag: "wallet",
  summary: "Holds it no longer",
  effect: "write",
  serializable: true,
  params: reservationParams,
  query: unused,
  body: optional(z.object({ to: optional(accountId) })),
  answer: reservationAnswer,
  problems: [
    "wrong_tenant",
    "unknown_reservation",
    "reservation_closed",
    "reservation_expired",
  ],
  async handle({ params }, { sql, tenantId, nowMs }) {
    const reservation = await release(sql, tenantId, params, nowMs);
    return { reservation: shownReservation(reservation, nowMs) };
  },
});

/** The money. */
export const walletRoutes: readonly Route[] = [
  transferRoute,
  accountRoute,
  reserveRoute,
  captureRoute,
  releaseRoute,
];
