import type { ChatMessage, Owner } from "../../console/src/whatsapp/wire.js";
import type { LateFailure } from "./graph-errors.js";

/**
 * Webhooks as Meta writes them. Pure.
 * Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
 */

type Json = Readonly<Record<string, unknown>>;

/** Whom a webhook is about, and for which business. */
export interface About {
  /** Meta's phone number id. */
  readonly business: string;
  readonly owner: Owner;
}

/** The account that the demo's businesses belong to. */
const ACCOUNT_ID = "102290129340398";

/** A number as WhatsApp writes it: without `+`. */
export function waIdOf(phone: string): string {
  return phone.replace(/^\+/, "");
}

/** One message of a person. */
export function messageWebhook(
  about: About,
  message: Pick<ChatMessage, "id" | "atMs" | "replyTo">,
  content: Json,
): Json {
  const { owner } = about;
  return webhook(about, "messages", {
    contacts: [contactOf(owner)],
    messages: [
      {
        ...(owner.phone === undefined ? {} : { from: waIdOf(owner.phone) }),
        ...(owner.userId === undefined ? {} : { from_user_id: owner.userId }),
        id: message.id,
        timestamp: seconds(message.atMs),
        ...(message.replyTo === undefined
          ? {}
          : { context: { id: message.replyTo } }),
        ...content,
      },
    ],
  });
}

/** How far a business's message has come. */
export function statusWebhook(
  about: About,
  of: {
    readonly messageId: string;
    readonly status: "sent" | "delivered" | "read" | "failed";
    readonly atMs: number;
    readonly callbackData: string | undefined;
    readonly failure?: LateFailure;
  },
): Json {
  const { owner } = about;
  return webhook(about, "messages", {
    contacts: [contactOf(owner)],
    statuses: [
      {
        id: of.messageId,
        status: of.status,
        timestamp: seconds(of.atMs),
        ...(owner.phone === undefined
          ? {}
          : { recipient_id: waIdOf(owner.phone) }),
        ...(owner.userId === undefined
          ? {}
          : { recipient_user_id: owner.userId }),
        ...(of.callbackData === undefined
          ? {}
          : { biz_opaque_callback_data: of.callbackData }),
        ...(of.failure === undefined ? {} : { errors: [errorOf(of.failure)] }),
      },
    ],
  });
}

/** The person's own switch for offers. */
export function preferenceWebhook(
  about: About,
  of: { readonly wanted: boolean; readonly atMs: number },
): Json {
  const { owner } = about;
  return webhook(about, "user_preferences", {
    contacts: [contactOf(owner)],
    user_preferences: [
      {
        ...(owner.phone === undefined ? {} : { wa_id: waIdOf(owner.phone) }),
        ...(owner.userId === undefined ? {} : { user_id: owner.userId }),
        detail: of.wanted ? "The person resumed" : "The person stopped",
        category: "marketing_messages",
        value: of.wanted ? "resume" : "stop",
        timestamp: Math.floor(of.atMs / 1_000),
      },
    ],
  });
}

function webhook(about: About, field: string, value: Json): Json {
  return {
    object: "whatsapp_business_account",
    entry: [
      {
        id: ACCOUNT_ID,
        changes: [
          {
            field,
            value: {
              messaging_product: "whatsapp",
              metadata: {
                display_phone_number: about.business,
                phone_number_id: about.business,
              },
              ...value,
            },
          },
        ],
      },
    ],
  };
}

function contactOf({ name, phone, userId }: Owner): Json {
  return {
    profile: { name },
    ...(phone === undefined ? {} : { wa_id: waIdOf(phone) }),
    ...(userId === undefined ? {} : { user_id: userId }),
  };
}

function errorOf({ code, title, details }: LateFailure): Json {
  return { code, title, message: title, error_data: { details } };
}

function seconds(atMs: number): string {
  return String(Math.floor(atMs / 1_000));
}
