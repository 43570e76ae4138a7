import { z } from "zod";
import { id, optionalId, requiredText, text, unixSeconds } from "./fields.js";

/** What a change of Meta's has in its lists, as far as it is read. */

export const contact = z.object({
  wa_id: text(64),
  user_id: optionalId,
  profile: z
    .object({ name: text(512), username: text(512) })
    .optional()
    .catch(undefined),
});

export type Contact = z.output<typeof contact>;

export const message = z.looseObject({
  id,
  type: requiredText(128),
  timestamp: unixSeconds,
  from: text(64),
  from_user_id: optionalId,
  group_id: optionalId,
  context: z.object({ id: optionalId }).optional().catch(undefined),
  referral: z
    .object({
      source_type: text(64),
      source_id: optionalId,
      source_url: text(2_048),
      headline: text(1_024),
      body: text(4_096),
      ctwa_clid: optionalId,
    })
    .optional()
    .catch(undefined),
});

/** Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status */
export const status = z.object({
  id,
  status: z.enum([
    "sent",
    "delivered",
    "read",
    "played",
    "failed",
    // Of older versions.
    "deleted",
    "warning",
  ]),
  timestamp: unixSeconds,
  recipient_type: text(64),
  recipient_id: text(64),
  recipient_user_id: optionalId,
  biz_opaque_callback_data: optionalId,
  conversation: z.object({ id: optionalId }).optional().catch(undefined),
  pricing: z
    .object({ category: text(64) })
    .optional()
    .catch(undefined),
  // Not there unless something failed.
  errors: z.unknown().optional(),
});

export const preference = z.object({
  wa_id: text(64),
  user_id: optionalId,
  category: z.literal("marketing_messages"),
  value: z.enum(["stop", "resume"]),
  timestamp: unixSeconds,
});

/** Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids (user_id_update) */
export const userIdUpdate = z.object({
  wa_id: text(64),
  user_id: z.object({ previous: id, current: id }),
  timestamp: unixSeconds,
});
