import { z } from "zod";
import {
  callId,
  e164,
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
  via: z.enum(["text", "button", "preferences", "send_error"]).optional(),
  phrase: z.string().max(1_024).optional(),
  language: language.optional(),
  messageId: identifier.optional(),
});

/** Events of `whatsapp.inbound`, besides `intent.captured`. */
export const inboundSchemas = {
  "message.received": z.object({
    ...userFields,
    messageId: identifier,
    /** Which of our numbers it was written to. */
    phoneNumberId: identifier.optional(),
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
      /** Another message of the person's has new words: see `edit`. */
      "edit",
      /** Another message of the person's was deleted for everyone: see `revoke`. */
      "revoke",
      "system",
      "unsupported",
      /** Of a type that Meta added since, or not in its type's shape: see `rawKind`. */
      "unknown",
    ]),
    /** Meta's own word for a kind that is unknown here. */
    rawKind: z.string().max(128).optional(),
    /** What was written; of audio, what was said, in an event of its own with `transcribed` once it is known. */
    text: freeText.optional(),
    transcribed: z.boolean().optional(),
    username: z.string().max(512).optional(),
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
        /** Recorded in WhatsApp, not attached. */
        voice: z.boolean().optional(),
      })
      .optional(),
    /** Contact cards that were sent. */
    contacts: z
      .array(
        z.object({
          name: z.string().max(512).optional(),
          phones: z.array(z.string().max(64)).max(20),
          userId: identifier.optional(),
        }),
      )
      .max(257)
      .optional(),
    order: z
      .object({
        catalogId: identifier,
        items: z
          .array(
            z.object({
              productId: identifier,
              quantity: z.number().nonnegative(),
              /** As Meta writes it: a decimal of the currency's major unit. */
              price: z.number().nonnegative(),
              currency: z.string().max(8),
            }),
          )
          .max(1_000),
      })
      .optional(),
    /** No emoji: the reaction was taken back. */
    reaction: z
      .object({ messageId: identifier, emoji: z.string().max(64).optional() })
      .optional(),
    /** What a message was changed to; the one that was changed has been taken as it was. */
    edit: z
      .object({
        messageId: identifier,
        /** As the kinds above. */
        kind: z.string().max(128),
        text: freeText.optional(),
      })
      .optional(),
    revoke: z.object({ messageId: identifier }).optional(),
    /** What a form (a WhatsApp Flow) was filled in with. */
    form: z
      .object({ name: z.string().max(256), response: z.json() })
      .optional(),
    /** What became of the person: of a new number or user id, the event itself is about the old one. */
    system: z
      .object({
        type: z.string().max(128),
        newPhone: e164.optional(),
        newUserId: identifier.optional(),
      })
      .optional(),
    errors: z.array(failure).max(100).optional(),
    location: z
      .object({
        latitude: z.number().min(-90).max(90),
        longitude: z.number().min(-180).max(180),
        name: z.string().max(1_024).optional(),
        address: z.string().max(1_024).optional(),
      })
      .optional(),
    referral: referral.optional(),
    /** Written in a group of this id: said to everyone there, not to us alone. */
    groupId: identifier.optional(),
    /** The message that this one answers. */
    inReplyTo: identifier.optional(),
  }),
  "message.status": z.object({
    ...userFields,
    messageId: identifier,
    status: z.enum([
      /** By Meta's answer; the others by its webhooks. */
      "accepted",
      "sent",
      "delivered",
      "read",
      /** A voice message was listened to. */
      "played",
      "failed",
      "deleted",
      "warning",
    ]),
    dedupeKey: identifier.optional(),
    conversationId: identifier.optional(),
    category: z.string().max(64).optional(),
    errors: z.array(failure).optional(),
  }),
  "message.opt_out": consent,
  "message.opt_in": consent,
} as const;

const parameter = z.string().min(1).max(1_024);
const templateParameters = z.union([
  z.array(parameter).min(1).max(100),
  z.record(z.string().regex(/^[a-z0-9_]{1,64}$/), parameter),
]);

const mediaDetails = {
  caption: z.string().max(1_024).optional(),
  filename: z.string().max(240).optional(),
};

const outgoing = {
  ...userFields,
  /** May be left out: `to` says who it is. */
  userId: identifier.optional(),
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

const body = z.string().min(1).max(65_536);

/** Words; Meta's own `{body}`, as other programs have it at hand, is read as the same. */
const words = z.union([
  body,
  z.object({ body }).transform((text) => text.body),
]);

/** A language's code; Meta's own `{code}` is read as the same. */
const templateLanguage = z.union([
  language,
  z.object({ code: language }).transform(({ code }) => code),
]);

/** Uploaded to Meta before (`id`), or fetched by Meta (`link`). */
const outgoingMedia = z.union([
  z.object({ id: identifier, ...mediaDetails }),
  z.object({ link: z.url().max(2_048), ...mediaDetails }),
]);

/** Events of `whatsapp.outbound`. */
export const outboundSchemas = {
  "message.send": z.discriminatedUnion("kind", [
    z.object({
      ...outgoing,
      kind: z.literal("text"),
      /** Over WhatsApp's 4,096 characters it goes out as several messages. */
      text: words,
      previewUrl: z.boolean().optional(),
    }),
    z.object({
      ...outgoing,
      kind: z.literal("template"),
      template: z.object({
        name: identifier,
        language: templateLanguage,
        /** As Meta has them, for headers and buttons too. */
        components: z.array(z.record(z.string(), z.json())).optional(),
        /** The body's variables alone: in order, or by name. */
        parameters: templateParameters.optional(),
      }),
    }),
    z.object({
      ...outgoing,
      kind: z.literal("interactive"),
      interactive: z.record(z.string(), z.json()),
    }),
    z.object({
      ...outgoing,
      kind: z.enum(["image", "audio", "video", "document", "sticker"]),
      media: outgoingMedia,
    }),
  ]),
} as const;
