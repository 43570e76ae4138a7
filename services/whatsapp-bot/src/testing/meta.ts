import { createHmac } from "node:crypto";

/** Webhooks as Meta sends them. */

export const APP_SECRET = "meta-app-secret";
export const VERIFY_TOKEN = "meta-verify-token";
export const ACCESS_TOKEN = "meta-access-token";
export const PHONE_NUMBER_ID = "106540352242922";
/** Another tenant's. */
export const OTHER_PHONE_NUMBER_ID = "206540352242922";

export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };
type JsonObject = Readonly<Record<string, Json>>;

/** One change of one entry. */
export function change(
  value: JsonObject,
  field = "messages",
  phoneNumberId = PHONE_NUMBER_ID,
): JsonObject {
  return {
    field,
    value: {
      messaging_product: "whatsapp",
      metadata: {
        display_phone_number: "250780000001",
        phone_number_id: phoneNumberId,
      },
      ...value,
    },
  };
}

/** A webhook with these changes, all in one entry. */
export function webhook(...changes: readonly Json[]): JsonObject {
  return {
    object: "whatsapp_business_account",
    entry: [{ id: "102290129340398", changes }],
  };
}

let made = 0;

/** A message id that no other message has. */
export function messageId(): string {
  made += 1;
  return `wamid.${process.pid}.${Date.now()}.${made}`;
}

/** Someone with a number, a user id, or both. */
export interface Someone {
  readonly waId?: string;
  readonly userId?: string;
  readonly name?: string;
}

export function contactOf({ waId, userId, name }: Someone): JsonObject {
  return {
    profile: { name: name ?? "Aline" },
    ...(waId === undefined ? {} : { wa_id: waId }),
    ...(userId === undefined ? {} : { user_id: userId }),
  };
}

/** A change that brings one message of someone. */
export function messageFrom(
  someone: Someone,
  message: JsonObject,
  id = messageId(),
): JsonObject {
  return change({
    contacts: [contactOf(someone)],
    messages: [
      {
        id,
        timestamp: String(Math.floor(Date.now() / 1_000)),
        ...(someone.waId === undefined ? {} : { from: someone.waId }),
        ...(someone.userId === undefined
          ? {}
          : { from_user_id: someone.userId }),
        ...message,
      },
    ],
  });
}

export function textFrom(
  someone: Someone,
  body: string,
  id = messageId(),
): JsonObject {
  return messageFrom(someone, { type: "text", text: { body } }, id);
}

export function signature(body: string | Buffer, secret = APP_SECRET): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

/** Posts bytes to a bot as Meta would: signed. */
export function post(
  url: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${url}/webhook`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-hub-signature-256": signature(body),
      ...headers,
    },
    body,
  });
}

export function postJson(url: string, json: Json): Promise<Response> {
  return post(url, JSON.stringify(json));
}

/** A number of a person that no other test uses, as WhatsApp writes it. */
export function newWaId(): string {
  made += 1;
  return `25078${String(Math.floor(Math.random() * 1e7)).padStart(7, "0")}`;
}
