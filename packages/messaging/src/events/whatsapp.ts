import { z } from "zod";
import {
  callId,
  freeText,
  identifier,
  language,
  userFields,
} from "./fields.js";

const failure = z.object({
  /** Meta's own error code. */
  code: z.int(),
  title: z.string().max(1_024),
  detail: z.string().max(4_096).optional(),
});

/** Where an advertisement or a post sent the person from. */
const referral = z.object({
  sourceType: z.string().max(64).optional(),
  sourceId: identifier.optional(),
  sourceUrl: z.string().max(2_048).optional(),
  headline: z.string().max(1_024).optional(),
  body: z.string().max(4_096).optional(),
  clickId: identifier.optional(),
});

const consent = z.object({
  ...userFields,
  via: z.enum(["text", "button", "preferences", "send_error"]),
  phrase: z.string().max(1_024).optional(),
  language: language.optional(),
  messageId: identifier.optional(),
});

/** Events of `whatsapp.inbound`, besides `intent.captured`. */
export const inboundSchemas = {
  "message.received": z.object({
    ...userFields,
    messageId: identifier,
    phoneNumberId: identifier,
    name: z.string().max(512).optional(),
    kind: z.enum([
      "text",
      "image",
      "audio",
      "video",
      "document",
      "sticker",
      "location",
      "contacts",
      "interactive",
      "button",
      "reaction",
      "order",
      "system",
      "unsupported",
    ]),
    text: freeText.optional(),
    language: language.optional(),
    /** The row or button that was pressed. */
    reply: z
      .object({ id: identifier, title: z.string().max(1_024) })
      .optional(),
    media: z
      .object({
        id: identifier,
        mimeType: z.string().max(256),
        sha256: z.string().max(128).optional(),
        filename: z.string().max(1_024).optional(),
      })
      .optional(),
    location: z
      .object({
        latitude: z.number().min(-90).max(90),
        longitude: z.number().min(-180).max(180),
        name: z.string().max(1_024).optional(),
        address: z.string().max(1_024).optional(),
      })
      .optional(),
    referral: referral.optional(),
    /** The message that this one answers. */
    inReplyTo: identifier.optional(),
  }),
  "message.status": z.object({
    ...userFields,
    messageId: identifier,
    status: z.enum(["accepted", "sent", "delivered", "read", "failed"]),
    dedupeKey: identifier.optional(),
    conversationId: identifier.optional(),
    category: z.string().max(64).optional(),
    errors: z.array(failure).optional(),
  }),
  "message.opt_out": consent,
  "message.opt_in": consent,
} as const;

const outgoing = {
  ...userFields,
  /** E.164, or the user id when no number is known. */
  to: identifier,
  phoneNumberId: identifier.optional(),
  /** Sent once per this key, however often it is published. */
  dedupeKey: identifier,
  /** Why it is sent; only a consent confirmation reaches someone who opted out. */
  purpose: z
    .enum([
      "reply",
      "notice",
      "payment",
      "ranking",
      "marketing",
      "opt_out_confirmation",
      "opt_in_confirmation",
    ])
    .default("reply"),
  callId: callId.optional(),
  inReplyTo: identifier.optional(),
};

/** Events of `whatsapp.outbound`. */
export const outboundSchemas = {
  "message.send": z.discriminatedUnion("kind", [
    z.object({
      ...outgoing,
      kind: z.literal("text"),
      text: z.string().min(1).max(4_096),
      previewUrl: z.boolean().optional(),
    }),
    z.object({
      ...outgoing,
      kind: z.literal("template"),
      template: z.object({
        name: identifier,
        language,
        components: z.array(z.record(z.string(), z.json())).optional(),
      }),
    }),
    z.object({
      ...outgoing,
      kind: z.literal("interactive"),
      interactive: z.record(z.string(), z.json()),
    }),
  ]),
} as const;
