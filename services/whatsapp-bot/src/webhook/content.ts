import { z } from "zod";
import {
  clean,
  e164Of,
  elements,
  id,
  optionalId,
  requiredText,
  text,
} from "./fields.js";
import { metaError } from "./errors.js";
import type { MessageContent } from "./items.js";

/**
 * What a message says, by its type. Shapes:
 * https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
 */

const TITLE = 1_024;
const TEXT = 65_536;

const media = z
  .object({
    id,
    mime_type: requiredText(256),
    sha256: text(128),
    filename: text(1_024),
    caption: text(TEXT),
    voice: z.boolean().optional().catch(undefined),
  })
  .transform(({ caption, mime_type: mimeType, ...rest }) => ({
    media: defined({ ...rest, mimeType }),
    ...(caption === undefined ? {} : { text: caption }),
  }));

const location = z
  .object({
    latitude: z.number().min(-90).max(90),
    longitude: z.number().min(-180).max(180),
    name: text(TITLE),
    address: text(TITLE),
  })
  .transform((place) => ({ location: defined(place) }));

const card = z
  .object({
    name: z
      .object({ formatted_name: text(512) })
      .optional()
      .catch(undefined),
    phones: z.unknown().optional(),
    user_id: optionalId,
  })
  .transform((value) =>
    defined({
      name: value.name?.formatted_name,
      phones: elements(z.object({ phone: requiredText(64) }), value.phones)
        .good.slice(0, 20)
        .map(({ phone }) => phone),
      userId: value.user_id,
    }),
  );

const contacts = z.array(z.unknown()).transform((cards) => ({
  contacts: elements(card, cards).good.slice(0, 257),
}));

const choice = z
  .object({ id: requiredText(512), title: requiredText(TITLE) })
  .transform((reply) => ({ reply, text: reply.title }));

const filledForm = z
  .object({
    name: text(256),
    body: text(TEXT),
    response_json: z.string().max(100_000),
  })
  .transform(({ name, body, response_json }) => ({
    form: { name: name ?? "flow", response: jsonOf(response_json) },
    ...(body === undefined ? {} : { text: body }),
  }));

const interactive = z.union([
  z.object({ button_reply: choice }).transform((value) => value.button_reply),
  z.object({ list_reply: choice }).transform((value) => value.list_reply),
  z.object({ nfm_reply: filledForm }).transform((value) => value.nfm_reply),
]);

const button = z
  .object({ payload: text(512), text: requiredText(TITLE) })
  .transform(({ payload, text: title }) => ({
    reply: { id: payload ?? clean(title, 512), title },
    text: title,
  }));

const amount = z.union([
  z.number(),
  z
    .string()
    .regex(/^\d{1,15}(\.\d{1,6})?$/)
    .transform(Number),
]);

const product = z
  .object({
    product_retailer_id: id,
    quantity: amount.pipe(z.number().nonnegative()),
    item_price: amount.pipe(z.number().nonnegative()),
    currency: requiredText(8),
  })
  .transform((value) => ({
    productId: value.product_retailer_id,
    quantity: value.quantity,
    price: value.item_price,
    currency: value.currency,
  }));

const order = z
  .object({
    catalog_id: id,
    product_items: z.array(product).max(1_000),
    text: text(TEXT),
  })
  .transform((value) => ({
    order: { catalogId: value.catalog_id, items: value.product_items },
    ...(value.text === undefined ? {} : { text: value.text }),
  }));

const reaction = z
  .object({ message_id: id, emoji: text(64) })
  .transform(({ message_id: messageId, emoji }) => ({
    reaction: defined({ messageId, emoji }),
  }));

/** Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/edit */
const edit = z
  .object({
    original_message_id: id,
    // What was changed is a message, never a change: nobody makes us go down without end.
    message: z.looseObject({
      type: requiredText(128).refine((type) => type !== "edit"),
    }),
  })
  .transform(({ original_message_id: messageId, message }) => {
    const { kind, text: words } = contentOf(message.type, message);
    return { edit: defined({ messageId, kind, text: words }) };
  });

/** Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/revoke */
const revoke = z
  .object({ original_message_id: id })
  .transform(({ original_message_id: messageId }) => ({
    revoke: { messageId },
  }));

const system = z
  .object({
    type: requiredText(128),
    body: text(TEXT),
    wa_id: text(64),
    /** So it was called before version 12. */
    new_wa_id: text(64),
    user_id: optionalId,
  })
  .transform((value) => ({
    system: defined({
      type: value.type,
      newPhone: e164Of(value.wa_id ?? value.new_wa_id),
      newUserId: value.user_id,
    }),
    ...(value.body === undefined ? {} : { text: value.body }),
  }));

const plainText = z
  .object({ body: requiredText(TEXT) })
  .transform(({ body }) => ({ text: body }));

/** What each type's own member holds. */
const members = {
  text: plainText,
  image: media,
  audio: media,
  video: media,
  document: media,
  sticker: media,
  location,
  contacts,
  interactive,
  button,
  order,
  reaction,
  edit,
  revoke,
  system,
} as const;

type Kind = keyof typeof members;

function isKind(type: string): type is Kind {
  return Object.hasOwn(members, type);
}

/**
 * The content of a message: a type that is not known, or whose member has not the type's shape, is kept as `unknown` with
 * Meta's word for it. Pure.
 */
export function contentOf(
  type: string,
  message: Readonly<Record<string, unknown>>,
): MessageContent {
  if (type === "unsupported") {
    const errors = elements(metaError, message.errors).good.slice(0, 100);
    return { kind: "unsupported", ...(errors.length > 0 ? { errors } : {}) };
  }
  const unknown = { kind: "unknown", rawKind: clean(type, 128) } as const;
  if (!isKind(type)) return unknown;
  const schema: z.ZodType<Omit<MessageContent, "kind">> = members[type];
  const parsed = schema.safeParse(message[type]);
  return parsed.success ? { kind: type, ...parsed.data } : unknown;
}

function jsonOf(source: string): z.core.util.JSONType {
  try {
    const parsed = z
      .json()
      .safeParse(JSON.parse(source.replaceAll("\\u0000", "")));
    return parsed.success ? parsed.data : clean(source, 100_000);
  } catch {
    return clean(source, 100_000);
  }
}

type Defined<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & {
  [K in keyof T as undefined extends T[K] ? K : never]?: NonNullable<T[K]>;
};

/** Without the fields that are undefined. */
function defined<T extends object>(fields: T): Defined<T>;
function defined(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  );
}
