import { z } from "zod";
import { defineRoute, unused } from "../http/route.js";
import { leadShape, shownLead } from "../leads/lead.js";
import { findLead, leadIdsOf } from "../leads/store.js";
import { optOutOf } from "../opt-outs/store.js";
import { currentAccountId } from "../wallet/accounts.js";
import { accountShape } from "../wallet/fields.js";
import { statementOf } from "../wallet/statement.js";
import { buyerShape, shownBuyer } from "./buyer.js";
import { buyerParams, knownBuyer } from "./known-buyer.js";
import {
  conversationShape,
  intentShape,
  purchaseShape,
  receivedRankingShape,
  shownIntent,
} from "./records.js";
import { contextOf } from "./record-store.js";
import { identitiesOfBuyer } from "./store.js";

/** Everything that is known of a person, in one read. */
export const contextRoute = defineRoute({
  method: "get",
  path: "/buyers/{buyerId}/context",
  operationId: "buyerContext",
  tag: "buyers",
  summary:
    "Everything that is known of a buyer; lists are newest first, and the newest 50",
  effect: "read",
  params: buyerParams,
  query: unused,
  body: unused,
  answer: z.object({
    buyer: buyerShape,
    intents: z.array(intentShape),
    rankings: z.array(receivedRankingShape),
    purchases: z.array(purchaseShape),
    conversation: conversationShape.nullable(),
    account: accountShape
      .nullable()
      .meta({ description: "Null until the first transfer opens it" }),
    lead: leadShape
      .nullable()
      .meta({ description: "What the tools know of the same person" }),
  }),
  problems: ["wrong_tenant", "unknown_buyer"],
  async handle({ params }, { sql, tenantId, nowMs }) {
    const buyer = await knownBuyer(sql, tenantId, params.buyerId);
    const { buyerId } = buyer;
    const identities = await identitiesOfBuyer(sql, tenantId, buyerId);
    const optedOut = (await optOutOf(sql, tenantId, identities)) !== undefined;
    const { intents, ...records } = await contextOf(sql, tenantId, buyerId);
    const [leadId] = await leadIdsOf(sql, tenantId, identities);
    const lead =
      leadId === undefined ? undefined : await findLead(sql, tenantId, leadId);
    const accountId = await currentAccountId(sql, tenantId, buyerId, {
      forMoving: false,
    });
    const asked = {
      accountId,
      currency: undefined,
      limit: 1,
      beforePosition: undefined,
    };
    const statement = await statementOf(sql, tenantId, asked, nowMs);
    return {
      buyer: shownBuyer(buyer, optedOut),
      intents: intents.map((intent) => shownIntent(intent, nowMs)),
      ...records,
      account: statement?.account ?? null,
      lead: lead === undefined ? null : shownLead(lead, optedOut),
    };
  },
});
