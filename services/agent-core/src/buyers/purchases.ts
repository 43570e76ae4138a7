import { z } from "zod";
import type { Sql } from "../database/port.js";
import { refusal } from "../http/problems.js";
import { defineRoute, unused } from "../http/route.js";
import { ownsNamed } from "../http/tenancy.js";
import { writtenAmount } from "../payments/currencies.js";
import { optional, text } from "../people/fields.js";
import { amount, currency } from "../wallet/fields.js";
import { knownReservation } from "../wallet/reservations.js";
import { statusAt } from "../wallet/rules.js";
import { buyerParams, knownBuyer } from "./known-buyer.js";
import { purchaseShape } from "./records.js";
import { savePurchase, wasOffered } from "./record-store.js";

const body = z.object({
  ...buyerParams.shape,
  intentId: text(512),
  vendorId: text(128),
  amount,
  currency,
  reservationId: optional(text(128)),
});

/** What was bought of whom, and with which reservation it is paid. */
export const purchaseRoute = defineRoute({
  method: "post",
  path: "/purchases",
  operationId: "recordPurchase",
  tag: "buyers",
  summary:
    "What a buyer bought of a vendor; the reservation that it names is captured to that vendor unless the capture says otherwise",
  effect: "write",
  params: unused,
  query: unused,
  body,
  answer: z.object({ purchase: purchaseShape }),
  problems: [
    "wrong_tenant",
    "unknown_buyer",
    "unknown_vendor",
    "unknown_reservation",
    "purchase_conflict",
  ],
  async handle({ body: asked }, { sql, tenantId, nowMs }) {
    const { buyerId } = await knownBuyer(sql, tenantId, asked.buyerId);
    await knownVendor(sql, tenantId, buyerId, asked.vendorId);
    const reservationId =
      asked.reservationId === undefined
        ? undefined
        : await fittingReservation(sql, tenantId, {
            ...asked,
            buyerId,
            reservationId: asked.reservationId,
            nowMs,
          });
    const wanted = { ...asked, buyerId, reservationId };
    const purchase = await savePurchase(sql, tenantId, wanted, nowMs);
    if (purchase === undefined)
      throw conflict("Another purchase names this reservation");
    return { purchase };
  },
});

/** Known by the catalogue, or because a ranking from elsewhere offered it to this buyer. */
async function knownVendor(
  sql: Sql,
  tenantId: string,
  buyerId: string,
  vendorId: string,
): Promise<void> {
  if (await wasOffered(sql, tenantId, buyerId, vendorId)) return;
  if (await ownsNamed(sql, tenantId, "vendor", vendorId, "vendorId")) return;
  throw refusal(
    "unknown_vendor",
    "Neither the catalogue nor a ranking of this buyer has the vendor",
    { field: "vendorId" },
  );
}

async function fittingReservation(
  sql: Sql,
  tenantId: string,
  asked: {
    buyerId: string;
    reservationId: string;
    amount: number;
    currency: string;
    nowMs: number;
  },
): Promise<string> {
  const held = await knownReservation(sql, tenantId, asked.reservationId);
  const owner = await knownBuyer(sql, tenantId, held.accountId);
  if (owner.buyerId !== asked.buyerId)
    throw conflict("The reservation is another buyer's");
  if (held.amount !== asked.amount || held.currency !== asked.currency)
    throw conflict(
      `The reservation holds ${writtenAmount(held.amount, held.currency)}`,
    );
  const status = statusAt(held, asked.nowMs);
  if (status === "released" || status === "expired")
    throw conflict(`The reservation is ${status}`);
  return held.reservationId;
}

function conflict(detail: string) {
  return refusal("purchase_conflict", detail, { field: "reservationId" });
}
