import { randomUUID } from "node:crypto";
import { z } from "zod";
import { callId } from "../calls/fields.js";
import type { Sql } from "../database/port.js";
import { refusal } from "../http/problems.js";
import { defineRoute, type Route, unused } from "../http/route.js";
import { ownsCall } from "../http/tenancy.js";
import { optional, phone } from "../people/fields.js";
import { isCurrency } from "./currencies.js";
import {
  decidePayment,
  type PaymentRequest,
  type PaymentWay,
} from "./decide.js";

/** What the payments' part needs to know of its surroundings. */
export interface PaymentSettings {
  /** MoMo merchant codes by tenant, for requests that name none. */
  readonly merchants: ReadonlyMap<string, string>;
  /** For tenants that have none of their own. */
  readonly defaultMerchant: string;
  readonly paymentLinkBaseUrl: string;
}

/** A MoMo merchant code. */
export const merchantCode = z
  .string()
  .regex(/^\d{3,12}$/, "must be a merchant code of 3 to 12 digits");

const body = z.object({
  callId: optional(callId),
  phone: optional(phone),
  region: z
    .string()
    .regex(/^[A-Za-z][A-Za-z-]{0,15}$/, "must be a region, for example rw")
    .transform((region) => region.toLowerCase()),
  amount: z
    .int("must be a whole number of the currency's minor unit")
    .positive("must be more than 0")
    .meta({
      description:
        "In the currency's minor unit: 5000 RWF is 5,000 francs, 5000 EUR is 50 euros",
    }),
  currency: z
    .string()
    .refine(isCurrency, "must be an ISO 4217 code, for example RWF"),
  merchant: optional(merchantCode),
});

/** How people pay. Someone in the opt-out registry can, too: they asked. */
export function paymentRoutes(settings: PaymentSettings): Route[] {
  const collectPayment = defineRoute({
    method: "post",
    path: "/tools/collect-payment",
    operationId: "collectPayment",
    tag: "payments",
    summary:
      "How to pay an amount in a region: a MoMo USSD code (rw), a payment link (mt), or by hand",
    effect: "write",
    params: unused,
    query: unused,
    body,
    answer: z.object({
      paymentId: z.uuid(),
      method: z.enum(["momo_ussd", "payment_link", "manual"]),
      ussd: z.string().optional(),
      url: z.string().optional(),
      instructions: z.string(),
    }),
    problems: ["wrong_tenant", "currency_not_supported"],
    async handle(input, { sql, tenantId, nowMs }) {
      const asked = input.body;
      if (asked.callId !== undefined)
        await ownsCall(sql, tenantId, asked.callId);
      const request = { ...asked, paymentId: randomUUID() };
      const decision = decidePayment(request, {
        merchant: settings.merchants.get(tenantId) ?? settings.defaultMerchant,
        paymentLinkBaseUrl: settings.paymentLinkBaseUrl,
      });
      if ("obstacle" in decision) {
        const { code, detail, field } = decision.obstacle;
        throw refusal(code, detail, { field });
      }
      await savePayment(sql, tenantId, { ...request, ...decision }, nowMs);
      const { paymentId } = request;
      const { way } = decision;
      return {
        paymentId,
        method: way.method,
        ...(way.method === "momo_ussd" ? { ussd: way.ussd } : {}),
        ...(way.method === "payment_link" ? { url: way.url } : {}),
        instructions: way.instructions,
      };
    },
  });
  return [collectPayment];
}

async function savePayment(
  sql: Sql,
  tenantId: string,
  payment: PaymentRequest & {
    callId: string | undefined;
    phone: string | undefined;
    way: PaymentWay;
  },
  nowMs: number,
): Promise<void> {
  const { way } = payment;
  await sql.query(
    `insert into payments (tenant_id, payment_id, call_id, phone, region, amount, currency, merchant, method, ussd, url, created_at)
     values ($1, $2, $3, $4, $5, $6::bigint, $7, $8, $9, $10, $11, $12)`,
    [
      tenantId,
      payment.paymentId,
      payment.callId ?? null,
      payment.phone ?? null,
      payment.region,
      payment.amount,
      payment.currency,
      way.method === "momo_ussd" ? way.merchant : (payment.merchant ?? null),
      way.method,
      way.method === "momo_ussd" ? way.ussd : null,
      way.method === "payment_link" ? way.url : null,
      new Date(nowMs).toISOString(),
    ],
  );
}
