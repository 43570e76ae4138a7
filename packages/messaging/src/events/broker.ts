import { z } from "zod";
import {
  address,
  contactFields,
  count,
  currency,
  freeText,
  identifier,
  language,
  minorUnits,
  timestamp,
} from "./fields.js";
import { paymentMethod } from "./voice.js";

const channel = z.enum(["voice", "sip", "whatsapp"]);

/** Events of `broker.outbound`. */
export const brokerSchemas = {
  "lead.updated": z.object({
    ...contactFields,
    leadId: identifier,
    name: z.string().max(512).optional(),
    language: language.optional(),
    tags: z.array(z.string().max(128)),
    source: z.string().max(128).optional(),
    optedOut: z.boolean(),
  }),
  "ranking.forwarded": z.object({
    ...contactFields,
    intentId: identifier,
    rankingId: identifier,
    buyerId: identifier,
    reservationId: identifier.optional(),
    candidates: z.array(
      z.object({
        vendorId: identifier,
        name: z.string().max(512),
        score: z.number(),
        price: minorUnits,
        currency,
        reasons: z.array(z.string().max(1_024)),
      }),
    ),
  }),
  "payment.requested": z.object({
    ...contactFields,
    paymentId: identifier,
    method: paymentMethod,
    region: z.string().min(1).max(16),
    amount: minorUnits,
    currency,
    ussd: z.string().max(128).optional(),
    url: z.url().optional(),
    instructions: freeText.optional(),
  }),
  "opt_out.registered": z.object({
    ...contactFields,
    channel,
    reason: z.string().max(1_024).optional(),
    /** When the registry took it. */
    registeredAt: timestamp,
  }),
  "conversation.updated": z.object({
    ...contactFields,
    conversationId: identifier,
    channels: z.array(channel),
    lastChannel: channel,
    /** The event that this update comes from. */
    lastEventId: identifier,
    lastEventType: identifier,
    turns: count,
    /** Told when people take the conversation over, and when it is the agent's again. */
    handover: z
      .object({
        state: z.enum(["with_human", "over"]),
        handoverId: identifier.optional(),
        queue: z.string().min(1).max(128),
        to: address.optional(),
        until: timestamp,
        reason: freeText.optional(),
        /** What was said so far. */
        summary: freeText.optional(),
      })
      .optional(),
  }),
} as const;
