import type { EventDataByType } from "@easymo/messaging";

/** Everything in one webhook of Meta's that means something to us. */
export type WebhookItem =
  InboundMessage | MessageStatus | MarketingPreference | AccountError;

/** Who it is about. At least one of both is there. */
export interface Person {
  /** Meta's business-scoped user id. */
  readonly scopedUserId?: string;
  readonly phone?: string;
}

interface About {
  readonly phoneNumberId: string;
  readonly person: Person;
  readonly atMs: number;
}

type Received = EventDataByType["message.received"];

/** A message's own content, by its kind: the fields of `message.received` that the kind brings. */
export type MessageContent = Pick<Received, "kind"> &
  Partial<
    Pick<
      Received,
      | "rawKind"
      | "text"
      | "reply"
      | "media"
      | "location"
      | "contacts"
      | "order"
      | "reaction"
      | "edit"
      | "revoke"
      | "form"
      | "system"
      | "errors"
    >
  >;

export interface InboundMessage extends About {
  readonly item: "message";
  readonly messageId: string;
  readonly name?: string;
  readonly username?: string;
  readonly content: MessageContent;
  readonly referral?: NonNullable<Received["referral"]>;
  readonly inReplyTo?: string;
  /** Written in a group. */
  readonly groupId?: string;
}

type StatusData = EventDataByType["message.status"];

export interface MessageStatus extends About {
  readonly item: "status";
  readonly messageId: string;
  readonly status: StatusData["status"];
  readonly dedupeKey?: string;
  readonly conversationId?: string;
  readonly category?: string;
  readonly errors: NonNullable<StatusData["errors"]>;
}

/** The person's own switch for marketing messages in WhatsApp. */
export interface MarketingPreference extends About {
  readonly item: "preference";
  readonly value: "stop" | "resume";
}

/** Something is wrong with the account as a whole; about nobody in particular. */
export interface AccountError {
  readonly item: "account_error";
  readonly code: number;
  readonly title: string;
}

/** Why a part of a webhook is not taken. */
export type SkipReason =
  | "other_object"
  | "other_field"
  | "bad_change"
  | "bad_message"
  | "bad_status"
  | "bad_preference"
  | "bad_user_id_update"
  | "group_status"
  | "no_sender"
  | "unknown_number";

/** What a webhook came down to. */
export interface ParsedWebhook {
  readonly items: readonly WebhookItem[];
  /** What was not taken, one entry each. */
  readonly skipped: readonly SkipReason[];
}
