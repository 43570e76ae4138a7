import { z } from "zod";
import { defineRoute, type Route, unused } from "../http/route.js";
import {
  identitiesOf,
  namingSomebody,
  optional,
  personFields,
  text,
} from "../people/fields.js";
import { optOutOf } from "../opt-outs/store.js";
import { moment } from "../wallet/fields.js";
import { receivedCandidate } from "../ranking/candidate.js";
import { buyerShape, shownBuyer } from "./buyer.js";
import { contextRoute } from "./context.js";
import { buyerParams, knownBuyer } from "./known-buyer.js";
import { purchaseRoute } from "./purchases.js";
import {
  channels,
  conversationShape,
  intentShape,
  shownIntent,
  slots,
} from "./records.js";
import {
  saveConversation,
  saveIntent,
  saveReceivedRanking,
} from "./record-store.js";
import { registerBuyer } from "./register.js";
import { refusal } from "../http/problems.js";

const channel = z.enum(channels, `must be one of ${channels.join(", ")}`);

const registerRoute = defineRoute({
  method: "post",
  path: "/buyers",
  operationId: "registerBuyer",
  tag: "buyers",
  summary:
    "The buyer of a number or a user id, made when there is none; both together are one person from then on, with one account",
  effect: "write",
  params: unused,
  query: unused,
  body: namingSomebody(
    z.object({ ...personFields, name: optional(text(200)) }),
  ),
  answer: z.object({ buyer: buyerShape }),
  problems: [],
  async handle({ body }, { sql, tenantId, nowMs }) {
    const buyer = await registerBuyer(sql, tenantId, body, nowMs);
    const optOut = await optOutOf(sql, tenantId, identitiesOf(body));
    return { buyer: shownBuyer(buyer, optOut !== undefined) };
  },
});

const intentRoute = defineRoute({
  method: "post",
  path: "/buyers/{buyerId}/intents",
  operationId: "addIntent",
  tag: "buyers",
  summary:
    "What a buyer wants; said again under the same intentId, the later word replaces the earlier one",
  effect: "write",
  params: buyerParams,
  query: unused,
  body: z.object({
    intentId: text(512),
    channel,
    name: text(512),
    slots,
    expiresAt: optional(moment),
  }),
  answer: z.object({ intent: intentShape }),
  problems: ["wrong_tenant", "unknown_buyer", "intent_conflict"],
  async handle({ params, body }, { sql, tenantId, nowMs }) {
    const { buyerId } = await knownBuyer(sql, tenantId, params.buyerId);
    const { expiresAt, ...told } = body;
    const intent = await saveIntent(
      sql,
      tenantId,
      buyerId,
      { ...told, expiresAtMs: expiresAt },
      nowMs,
    );
    if (intent === undefined)
      throw refusal("intent_conflict", "Another buyer has this intentId", {
        field: "intentId",
      });
    return { intent: shownIntent(intent, nowMs) };
  },
});

const rankingRoute = defineRoute({
  method: "post",
  path: "/buyers/{buyerId}/rankings",
  operationId: "addRanking",
  tag: "buyers",
  summary: "A ranking that was made for a buyer, by this service or another",
  effect: "write",
  params: buyerParams,
  query: unused,
  body: z.object({
    intentId: text(512),
    rankingId: text(512),
    candidates: z.array(receivedCandidate).max(200),
  }),
  answer: z.object({ accepted: z.literal(true) }),
  problems: ["wrong_tenant", "unknown_buyer"],
  async handle({ params, body }, { sql, tenantId, nowMs }) {
    const { buyerId } = await knownBuyer(sql, tenantId, params.buyerId);
    const candidates = body.candidates.map(({ item, area, ...rest }) => ({
      ...rest,
      item: item ?? null,
      area: area ?? null,
    }));
    const ranking = { ...body, candidates };
    await saveReceivedRanking(sql, tenantId, buyerId, ranking, nowMs);
    return { accepted: true as const };
  },
});

const conversationRoute = defineRoute({
  method: "put",
  path: "/buyers/{buyerId}/conversation",
  operationId: "saveConversation",
  tag: "buyers",
  summary:
    "Keeps what a conversation came to, for the buyer's context; an older word never replaces a newer one, and the answer is what is kept",
  effect: "write",
  params: buyerParams,
  query: unused,
  body: z.object({
    summary: text(8_000),
    conversationId: optional(text(512)),
    language: optional(text(35)),
    channels: optional(z.array(channel).max(channels.length)),
    lastChannel: optional(channel),
    lastEventId: optional(text(512)),
    turns: optional(z.int().min(0).max(1_000_000_000)),
    at: optional(moment).meta({
      description: "When it was so; the present by default",
    }),
  }),
  answer: z.object({ conversation: conversationShape }),
  problems: ["wrong_tenant", "unknown_buyer"],
  async handle({ params, body }, { sql, tenantId, nowMs }) {
    const { buyerId } = await knownBuyer(sql, tenantId, params.buyerId);
    const { at, ...told } = body;
    const conversation = await saveConversation(sql, tenantId, buyerId, {
      ...told,
      atMs: at ?? nowMs,
    });
    return { conversation };
  },
});

/** Those who want something, and what becomes of it. */
export const buyerRoutes: readonly Route[] = [
  registerRoute,
  intentRoute,
  rankingRoute,
  contextRoute,
  conversationRoute,
  purchaseRoute,
];
