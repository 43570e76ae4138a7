import { z } from "zod";
import { candidateShape } from "../ranking/candidate.js";

/** Where something was heard. */
export const channels = ["voice", "sip", "whatsapp"] as const;

/** What was said of a wish, as JSON. */
export const slotsShape = z.record(z.string().max(200), z.json());

/** What a request tells of a wish: small enough to be kept, and of what Postgres can keep. */
export const slots = slotsShape.refine((value) => {
  const json = JSON.stringify(value);
  // A NUL or half of a surrogate pair is in no `jsonb`.
  return json.length <= 16_384 && !/\\u(0000|d[89a-f])/i.test(json);
}, "must be at most 16,384 characters of JSON, without NUL or half of a surrogate pair");

/** What a buyer wants, as answers show it. */
export const intentShape = z
  .object({
    intentId: z.string(),
    channel: z.string(),
    name: z.string(),
    slots: slotsShape,
    status: z.enum(["open", "expired", "purchased"]),
    expiresAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: "Intent" });

/** A ranking that was made for a buyer, as answers show it. */
export const receivedRankingShape = z
  .object({
    rankingId: z.string(),
    intentId: z.string(),
    candidates: z.array(candidateShape),
    at: z.iso.datetime(),
  })
  .meta({ id: "ReceivedRanking" });

/** What a buyer bought, as answers show it. */
export const purchaseShape = z
  .object({
    purchaseId: z.uuid(),
    buyerId: z.uuid(),
    intentId: z.string(),
    vendorId: z.string(),
    amount: z.int(),
    currency: z.string(),
    reservationId: z.uuid().nullable(),
    paidAt: z.iso.datetime().nullable().meta({
      description:
        "When the reservation was captured; null while it was not, or there is none",
    }),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: "Purchase" });

/** What a conversation came to, as answers show it. */
export const conversationShape = z
  .object({
    summary: z.string(),
    conversationId: z.string().nullable(),
    language: z.string().nullable(),
    channels: z.array(z.enum(channels)),
    lastChannel: z.enum(channels).nullable(),
    lastEventId: z.string().nullable(),
    turns: z.int().nullable(),
    at: z.iso
      .datetime()
      .meta({ description: "When it was so, as its teller has it" }),
  })
  .meta({ id: "Conversation" });

/** A time as JSON made by the database has it, as answers show it. */
const jsonTime = z.string().transform((value) => new Date(value).toISOString());

/** The four of them as JSON made by the database. */
export const intentJson = z
  .object({
    intent_id: z.string(),
    channel: z.string(),
    name: z.string(),
    slots: slotsShape,
    purchased: z.boolean(),
    expires_at: jsonTime.nullable(),
    created_at: jsonTime,
  })
  .transform((row) => ({
    intentId: row.intent_id,
    channel: row.channel,
    name: row.name,
    slots: row.slots,
    purchased: row.purchased,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
  }));

export const receivedRankingJson = z
  .object({
    ranking_id: z.string(),
    intent_id: z.string(),
    candidates: z.array(candidateShape),
    received_at: jsonTime,
  })
  .transform((row): z.output<typeof receivedRankingShape> => ({
    rankingId: row.ranking_id,
    intentId: row.intent_id,
    candidates: row.candidates,
    at: row.received_at,
  }));

export const purchaseJson = z
  .object({
    purchase_id: z.string(),
    buyer_id: z.string(),
    intent_id: z.string(),
    vendor_id: z.string(),
    amount: z.int(),
    currency: z.string(),
    reservation_id: z.string().nullable(),
    paid_at: jsonTime.nullable(),
    created_at: jsonTime,
  })
  .transform((row): z.output<typeof purchaseShape> => ({
    purchaseId: row.purchase_id,
    buyerId: row.buyer_id,
    intentId: row.intent_id,
    vendorId: row.vendor_id,
    amount: row.amount,
    currency: row.currency,
    reservationId: row.reservation_id,
    paidAt: row.paid_at,
    createdAt: row.created_at,
  }));

export const conversationJson = z
  .object({
    summary: z.string(),
    conversation_id: z.string().nullable(),
    language: z.string().nullable(),
    channels: z.array(z.enum(channels)),
    last_channel: z.enum(channels).nullable(),
    last_event_id: z.string().nullable(),
    turns: z.int().nullable(),
    at: jsonTime,
  })
  .transform((row): z.output<typeof conversationShape> => ({
    summary: row.summary,
    conversationId: row.conversation_id,
    language: row.language,
    channels: row.channels,
    lastChannel: row.last_channel,
    lastEventId: row.last_event_id,
    turns: row.turns,
    at: row.at,
  }));

/** The intent as it is answered. Pure. */
export function shownIntent(
  { purchased, ...intent }: z.output<typeof intentJson>,
  nowMs: number,
): z.output<typeof intentShape> {
  const expired =
    intent.expiresAt !== null && Date.parse(intent.expiresAt) <= nowMs;
  return {
    ...intent,
    status: purchased ? "purchased" : expired ? "expired" : "open",
  };
}
