import type { PersonRef } from "../shapes.js";
import type { ReadOptions, WriteOptions } from "../tools.js";
import type { TenantTransport } from "../transport.js";
import {
  acceptedAnswer,
  type AddIntentBody,
  type AddRankingBody,
  type Buyer,
  buyerAnswer,
  type BuyerContext,
  buyerContextAnswer,
  type BuyerIntent,
  type Conversation,
  conversationAnswer,
  intentAnswer,
  type Purchase,
  purchaseAnswer,
  type RecordPurchaseBody,
  type SaveConversationBody,
} from "./shapes.js";

/** Those who want something, and what became of it. Every method rejects with `AgentCoreError`. */
export interface BuyersApi {
  /** The buyer of a number or user id, made when there is none; both together are one person from then on. */
  registerBuyer(
    body: PersonRef & { readonly name?: string },
    options: WriteOptions,
  ): Promise<{ buyer: Buyer }>;
  /** What the buyer wants; said again under the same intentId, the later word replaces the earlier one. */
  addIntent(
    buyerId: string,
    body: AddIntentBody,
    options: WriteOptions,
  ): Promise<{ intent: BuyerIntent }>;
  /** A ranking that was made for the buyer. */
  addRanking(
    buyerId: string,
    body: AddRankingBody,
    options: WriteOptions,
  ): Promise<{ accepted: true }>;
  buyerContext(buyerId: string, options?: ReadOptions): Promise<BuyerContext>;
  recordPurchase(
    body: RecordPurchaseBody,
    options: WriteOptions,
  ): Promise<{ purchase: Purchase }>;
  /** Keeps what a conversation came to, for the buyer's context; the answer is what is kept now. */
  saveConversation(
    buyerId: string,
    body: SaveConversationBody,
    options: WriteOptions,
  ): Promise<{ conversation: Conversation }>;
}

/** The buyer service over one tenant's transport. */
export function buyersApi(transport: TenantTransport): BuyersApi {
  const of = (buyerId: string, what: string): string =>
    `/buyers/${encodeURIComponent(buyerId)}/${what}`;
  return {
    registerBuyer: (body, options) =>
      transport.write("/buyers", body, buyerAnswer, options),
    addIntent: (buyerId, body, options) =>
      transport.write(of(buyerId, "intents"), body, intentAnswer, options),
    addRanking: (buyerId, body, options) =>
      transport.write(of(buyerId, "rankings"), body, acceptedAnswer, options),
    buyerContext: (buyerId, options) =>
      transport.read(
        { method: "GET", path: of(buyerId, "context") },
        buyerContextAnswer,
        options,
      ),
    recordPurchase: (body, options) =>
      transport.write("/purchases", body, purchaseAnswer, options),
    saveConversation: (buyerId, body, options) =>
      transport.write(
        of(buyerId, "conversation"),
        body,
        conversationAnswer,
        options,
        "PUT",
      ),
  };
}
