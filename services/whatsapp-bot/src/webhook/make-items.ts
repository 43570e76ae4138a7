import { deriveEventId } from "@easymo/messaging";
import type { z } from "zod";
import { contentOf } from "./content.js";
import { metaError } from "./errors.js";
import { e164Of, elements } from "./fields.js";
import type {
  InboundMessage,
  MarketingPreference,
  MessageStatus,
  Person,
  SkipReason,
} from "./items.js";
import type {
  Contact,
  message,
  preference,
  status,
  userIdUpdate,
} from "./shapes.js";

/** What stands around an item in its change. */
export interface Around {
  readonly phoneNumberId: string;
  readonly contacts: readonly Contact[];
  readonly nowMs: number;
}

/** A message, or why it is none. Pure. */
export function messageItem(
  given: z.output<typeof message>,
  { phoneNumberId, contacts, nowMs }: Around,
): InboundMessage | SkipReason {
  const sender = contactOf(contacts, given.from, given.from_user_id);
  const person = personOf(
    given.from ?? sender?.wa_id,
    given.from_user_id ?? sender?.user_id,
  );
  if (person === undefined) return "no_sender";
  const { referral, context, group_id: groupId } = given;
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
    ...(groupId === undefined ? {} : { groupId }),
  };
}

/** What became of a message of ours, or why that is not told. Pure. */
export function statusItem(
  given: z.output<typeof status>,
  { phoneNumberId, contacts, nowMs }: Around,
): MessageStatus | SkipReason {
  // The recipient is a group, to which nothing is sent from here.
  if (given.recipient_type === "group") return "group_status";
  const receiver = contactOf(
    contacts,
    given.recipient_id,
    given.recipient_user_id,
  );
  const person = personOf(
    given.recipient_id ?? receiver?.wa_id,
    given.recipient_user_id ?? receiver?.user_id,
  );
  if (person === undefined) return "no_sender";
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

/** A person's switch for marketing messages, or why it is none. Pure. */
export function preferenceItem(
  given: z.output<typeof preference>,
  { phoneNumberId, contacts, nowMs }: Around,
): MarketingPreference | SkipReason {
  const contactGiven = contactOf(contacts, given.wa_id, given.user_id);
  const person = personOf(
    given.wa_id ?? contactGiven?.wa_id,
    given.user_id ?? contactGiven?.user_id,
  );
  return person === undefined
    ? "no_sender"
    : {
        item: "preference",
        phoneNumberId,
        person,
        atMs: given.timestamp ?? nowMs,
        value: given.value,
      };
}

/** A change of the user id is about the person as they were known: as the message of the system that it might have been. Pure. */
export function userIdUpdateItem(
  given: z.output<typeof userIdUpdate>,
  { phoneNumberId, nowMs }: Around,
): InboundMessage {
  const { previous, current } = given.user_id;
  const newPhone = e164Of(given.wa_id);
  return {
    item: "message",
    phoneNumberId,
    person: { scopedUserId: previous },
    atMs: given.timestamp ?? nowMs,
    messageId: `user_id_update:${deriveEventId(previous, current)}`,
    content: {
      kind: "system",
      system: {
        type: "user_changed_user_id",
        newUserId: current,
        ...(newPhone === undefined ? {} : { newPhone }),
      },
    },
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
