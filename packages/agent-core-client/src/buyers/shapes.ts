import { z } from "zod";
import { type JsonValue, jsonValue, nullable } from "../fields.js";
import { type Candidate, candidateSchema } from "../ranking/shapes.js";

/**
 * The answers of the buyer service. Only what the contract promises is required, for it may be a server of the user's own.
 */

const buyerSchema = z.object({
  /** Also the id of the buyer's account in the wallet. */
  buyerId: z.string().min(1),
  phone: nullable(z.string()),
  userId: nullable(z.string()),
  name: nullable(z.string()),
  /** Null when the server does not tell. */
  optedOut: nullable(z.boolean()),
});

const intentSchema = z.object({
  intentId: z.string().min(1),
  channel: nullable(z.string()),
  name: z.string(),
  slots: z.record(z.string(), jsonValue),
  expiresAt: nullable(z.string()),
  createdAt: nullable(z.string()),
});

const receivedRankingSchema = z.object({
  rankingId: z.string().min(1),
  intentId: z.string().min(1),
  candidates: z.array(candidateSchema),
  at: nullable(z.string()),
});

const purchaseSchema = z.object({
  purchaseId: z.string().min(1),
  buyerId: z.string().min(1),
  intentId: z.string(),
  vendorId: z.string(),
  amount: z.int(),
  currency: z.string(),
  reservationId: nullable(z.string()),
  /** When the reservation was captured; null while it was not, or there is none. */
  paidAt: nullable(z.string()),
  createdAt: nullable(z.string()),
});

const conversationSchema = z.object({
  summary: z.string(),
  conversationId: nullable(z.string()),
  language: nullable(z.string()),
  channels: z
    .array(z.string())
    .nullish()
    .transform((value) => value ?? []),
  lastChannel: nullable(z.string()),
  lastEventId: nullable(z.string()),
  turns: nullable(z.int()),
  at: nullable(z.string()),
});

export const buyerAnswer = z.union([
  z.object({ buyer: buyerSchema }),
  // Without the wrapping, as some servers of users' own answer.
  buyerSchema.transform((buyer) => ({ buyer })),
]);
export const intentAnswer = z.object({ intent: intentSchema });
export const acceptedAnswer = z.object({ accepted: z.literal(true) });
export const purchaseAnswer = z.object({ purchase: purchaseSchema });
export const conversationAnswer = z.object({
  conversation: conversationSchema,
});
export const buyerContextAnswer = z.object({
  buyer: buyerSchema,
  intents: z.array(intentSchema),
  rankings: z.array(receivedRankingSchema),
  purchases: z.array(purchaseSchema),
  conversation: nullable(conversationSchema),
});

export type Buyer = z.output<typeof buyerSchema>;
export type BuyerIntent = z.output<typeof intentSchema>;
export type ReceivedRanking = z.output<typeof receivedRankingSchema>;
export type Purchase = z.output<typeof purchaseSchema>;
export type Conversation = z.output<typeof conversationSchema>;
/** Everything that is known of a buyer; lists are newest first. */
export type BuyerContext = z.output<typeof buyerContextAnswer>;

export interface AddIntentBody {
  readonly intentId: string;
  /** Where it was heard: `voice`, `sip` or `whatsapp`. */
  readonly channel: string;
  readonly name: string;
  readonly slots: Readonly<Record<string, JsonValue>>;
  /** RFC 3339. */
  readonly expiresAt?: string;
}

export interface AddRankingBody {
  readonly intentId: string;
  readonly rankingId: string;
  /** As the ranking service gave them; what the contract does not promise may be left out. */
  readonly candidates: readonly (Omit<Candidate, "item" | "area"> &
    Partial<Candidate>)[];
}

export interface RecordPurchaseBody {
  readonly buyerId: string;
  readonly intentId: string;
  readonly vendorId: string;
  /** In the currency's minor unit. */
  readonly amount: number;
  readonly currency: string;
  readonly reservationId?: string;
}

export interface SaveConversationBody {
  /** At most 8,000 characters. */
  readonly summary: string;
  readonly conversationId?: string;
  readonly language?: string;
  readonly channels?: readonly string[];
  readonly lastChannel?: string;
  readonly lastEventId?: string;
  readonly turns?: number;
  /** RFC 3339; when it was so. An older word never replaces a newer one. The present by default. */
  readonly at?: string;
}
