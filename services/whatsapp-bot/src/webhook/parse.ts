import { validated } from "@easymo/service-kit";
import { z } from "zod";
import { contentOf } from "./content.js";
import { metaError } from "./errors.js";
import {
  e164Of,
  elements,
  id,
  optionalId,
  requiredText,
  text,
  unixSeconds,
} from "./fields.js";
import type {
  InboundMessage,
  MarketingPreference,
  MessageStatus,
  ParsedWebhook,
  Person,
  SkipReason,
  WebhookItem,
} from "./items.js";

/** The outermost shape, on which everything of Meta's agrees. */
const envelope = z.object({
  object: z.string().min(1).max(128),
  entry: z.array(z.object({ changes: z.array(z.unknown()) })),
});

const change = z.object({
  field: z.string().min(1).max(128),
  value: z.record(z.string(), z.unknown()),
});

const metadata = z.object({ metadata: z.object({ phone_number_id: id }) });

const contact = z.object({
  wa_id: text(64),
  user_id: optionalId,
  profile: z
    .object({ name: text(512), username: text(512) })
    .optional()
    .catch(undefined),
});

type Contact = z.output<typeof contact>;

const message = z.looseObject({
  id,
  type: requiredText(128),
  timestamp: unixSeconds,
  from: text(64),
  from_user_id: optionalId,
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

const status = z.object({
  id,
  status: z.enum(["sent", "delivered", "read", "failed"]),
  timestamp: unixSeconds,
  recipient_id: text(64),
  recipient_user_id: optionalId,
  biz_opaque_callback_data: optionalId,
  conversation: z.object({ id: optionalId }).optional().catch(undefined),
  pricing: z
    .object({ category: text(64) })
    .optional()
    .catch(undefined),
  errors: z.unknown(),
});

const preference = z.object({
  wa_id: text(64),
  user_id: optionalId,
  category: z.literal("marketing_messages"),
  value: z.enum(["stop", "resume"]),
  timestamp: unixSeconds,
});

/**
 * A webhook of Meta's as what it means. Whatever it has that is not understood is counted, never a reason to refuse the
 * rest: Meta would send all of it again for a week. Pure.
 *
 * @throws {Problem} 400 `invalid_request` when it is no webhook of Meta's at all
 */
export function parseWebhook(json: unknown, nowMs: number): ParsedWebhook {
  const { object, entry } = validated(envelope, json, "body");
  if (object !== "whatsapp_business_account")
    return { items: [], skipped: ["other_object"] };
  const items: WebhookItem[] = [];
  const skipped: SkipReason[] = [];
  for (const { changes } of entry)
    for (const one of changes) {
      const parsed = parseChange(one, nowMs);
      items.push(...parsed.items);
      skipped.push(...parsed.skipped);
    }
  return { items, skipped };
}

function parseChange(given: unknown, nowMs: number): ParsedWebhook {
  const parsed = change.safeParse(given);
  if (!parsed.success) return { items: [], skipped: ["bad_change"] };
  const { field, value } = parsed.data;
  if (field !== "messages" && field !== "user_preferences")
    return { items: [], skipped: ["other_field"] };
  const accountErrors = elements(metaError, value.errors).good.map(
    ({ code, title }): WebhookItem => ({ item: "account_error", code, title }),
  );
  const from = metadata.safeParse(value);
  if (!from.success)
    return {
      items: accountErrors,
      skipped: accountErrors.length > 0 ? [] : ["bad_change"],
    };
  const phoneNumberId = from.data.metadata.phone_number_id;
  const contacts = elements(contact, value.contacts).good;
  const about = { phoneNumberId, contacts, nowMs };
  const kinds = [
    taken(message, value.messages, "bad_message", (one) =>
      messageItem(one, about),
    ),
    taken(status, value.statuses, "bad_status", (one) =>
      statusItem(one, about),
    ),
    taken(preference, value.user_preferences, "bad_preference", (one) =>
      preferenceItem(one, about),
    ),
  ];
  return {
    items: [...kinds.flatMap(({ items }) => items), ...accountErrors],
    skipped: kinds.flatMap(({ skipped }) => skipped),
  };
}

interface Around {
  readonly phoneNumberId: string;
  readonly contacts: readonly Contact[];
  readonly nowMs: number;
}

/** What could be made of each element of a list. */
function taken<T extends z.ZodType>(
  schema: T,
  values: unknown,
  badReason: SkipReason,
  make: (value: z.output<T>) => WebhookItem | undefined,
): ParsedWebhook {
  const { good, bad } = elements(schema, values);
  const items: WebhookItem[] = [];
  const skipped = Array.from({ length: bad }, () => badReason);
  for (const value of good) {
    const item = make(value);
    if (item === undefined) skipped.push("no_sender");
    else items.push(item);
  }
  return { items, skipped };
}

function messageItem(
  given: z.output<typeof message>,
  { phoneNumberId, contacts, nowMs }: Around,
): InboundMessage | undefined {
  const sender = contactOf(contacts, given.from, given.from_user_id);
  const person = personOf(
    given.from ?? sender?.wa_id,
    given.from_user_id ?? sender?.user_id,
  );
  if (person === undefined) return undefined;
  const { referral, context } = given;
  const { name, username } = sender?.profile ?? {};
  return {
    item: "message",
    phoneNumberId,
    person,
    atMs: given.timestamp ?? nowMs,
    messageId: given.id,
    content: contentOf(given.type, given),
    ...(name === undefined ? {} : { name }),
    ...(username === undefined ? {} : { username }),
    ...(context?.id === undefined ? {} : { inReplyTo: context.id }),
    ...(referral === undefined ? {} : { referral: referralOf(referral) }),
  };
}

function statusItem(
  given: z.output<typeof status>,
  { phoneNumberId, contacts, nowMs }: Around,
): MessageStatus | undefined {
  const receiver = contactOf(
    contacts,
    given.recipient_id,
    given.recipient_user_id,
  );
  const person = personOf(
    given.recipient_id ?? receiver?.wa_id,
    given.recipient_user_id ?? receiver?.user_id,
  );
  if (person === undefined) return undefined;
  const { biz_opaque_callback_data: dedupeKey, conversation, pricing } = given;
  return {
    item: "status",
    phoneNumberId,
    person,
    atMs: given.timestamp ?? nowMs,
    messageId: given.id,
    status: given.status,
    errors: elements(metaError, given.errors).good.slice(0, 100),
    ...(dedupeKey === undefined ? {} : { dedupeKey }),
    ...(conversation?.id === undefined
      ? {}
      : { conversationId: conversation.id }),
    ...(pricing?.category === undefined ? {} : { category: pricing.category }),
  };
}

function preferenceItem(
  given: z.output<typeof preference>,
  { phoneNumberId, contacts, nowMs }: Around,
): MarketingPreference | undefined {
  const contactGiven = contactOf(contacts, given.wa_id, given.user_id);
  const person = personOf(
    given.wa_id ?? contactGiven?.wa_id,
    given.user_id ?? contactGiven?.user_id,
  );
  return person === undefined
    ? undefined
    : {
        item: "preference",
        phoneNumberId,
        person,
        atMs: given.timestamp ?? nowMs,
        value: given.value,
      };
}

/** The contact of a number or id; the only one, when there is one. */
function contactOf(
  contacts: readonly Contact[],
  waId: string | undefined,
  userId: string | undefined,
): Contact | undefined {
  const found = contacts.find(
    (one) =>
      (waId !== undefined && one.wa_id === waId) ||
      (userId !== undefined && one.user_id === userId),
  );
  // A "WhatsApp id" may differ from the number by a digit (Brazil, Mexico): with one contact there is no doubt.
  return found ?? (contacts.length === 1 ? contacts[0] : undefined);
}

function personOf(
  waId: string | undefined,
  scopedUserId: string | undefined,
): Person | undefined {
  const phone = e164Of(waId);
  if (phone === undefined && scopedUserId === undefined) return undefined;
  return {
    ...(phone === undefined ? {} : { phone }),
    ...(scopedUserId === undefined ? {} : { scopedUserId }),
  };
}

function referralOf(
  given: NonNullable<z.output<typeof message>["referral"]>,
): NonNullable<InboundMessage["referral"]> {
  const { source_type, source_id, source_url, headline, body, ctwa_clid } =
    given;
  return {
    ...(source_type === undefined ? {} : { sourceType: source_type }),
    ...(source_id === undefined ? {} : { sourceId: source_id }),
    ...(source_url === undefined ? {} : { sourceUrl: source_url }),
    ...(headline === undefined ? {} : { headline }),
    ...(body === undefined ? {} : { body }),
    ...(ctwa_clid === undefined ? {} : { clickId: ctwa_clid }),
  };
}
