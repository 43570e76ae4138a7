import {
  createEvent,
  deriveEventId,
  type EasymoEvent,
  type EventDataByType,
} from "@easymo/messaging";
import { detectOptIn, detectOptOut } from "@easymo/opt-out-lexicon";
import type { Route } from "@easymo/routing";
import type {
  InboundMessage,
  MarketingPreference,
  MessageStatus,
  Person,
} from "./items.js";

/** What is published of a webhook. */
export type PublishedItem =
  InboundMessage | MessageStatus | MarketingPreference;

/** Meta's code of a send that failed because the person stopped marketing messages. */
export const STOPPED_MARKETING = 131_050;

const SOURCE = "/whatsapp-bot/webhook";

/** The id under which an item is taken once. Pure. */
export function idOf(item: PublishedItem): string {
  switch (item.item) {
    case "message":
      return `message:${item.messageId}`;
    case "status":
      return `status:${item.messageId}:${item.status}`;
    case "preference":
      return `preference:${userIdOf(item.person)}:${item.value}:${item.atMs}`;
  }
}

/** How events name a person: by the user id that Meta gives, or else by their number. Pure. */
export function userIdOf({ scopedUserId, phone }: Person): string {
  return scopedUserId ?? phone ?? "";
}

/** Everything that one item is published as, in order; the same for every repeat. Pure. */
export function eventsOf(
  item: PublishedItem,
  route: Route,
  requestId: string,
): EasymoEvent[] {
  const { tenantId } = route;
  const envelope = { tenantId, source: SOURCE, requestId };
  const events: EasymoEvent[] = [];
  if (item.item === "message")
    events.push(
      createEvent("message.received", {
        ...envelope,
        id: deriveEventId("whatsapp", item.messageId),
        subject: item.messageId,
        data: receivedData(item, route),
      }),
    );
  if (item.item === "status")
    events.push(
      createEvent("message.status", {
        ...envelope,
        id: deriveEventId("whatsapp", item.messageId, item.status),
        subject: item.messageId,
        data: statusData(item, route),
      }),
    );
  const said = consentOf(item, route);
  if (said !== undefined)
    events.push(
      createEvent(said.type, {
        ...envelope,
        id: deriveEventId("whatsapp", idOf(item), said.type),
        data: { ...about(item, route), ...said.data },
      }),
    );
  return events;
}

type ConsentData = Pick<
  EventDataByType["message.opt_out"],
  "via" | "phrase" | "language" | "messageId"
>;

/** Whether an item says that the person wants no more messages, or wants them again. Pure. */
function consentOf(
  item: PublishedItem,
  route: Route,
):
  | { type: "message.opt_out" | "message.opt_in"; data: ConsentData }
  | undefined {
  switch (item.item) {
    case "preference":
      return {
        type: item.value === "stop" ? "message.opt_out" : "message.opt_in",
        data: { via: "preferences" },
      };
    case "status":
      return item.errors.some(({ code }) => code === STOPPED_MARKETING)
        ? {
            type: "message.opt_out",
            data: { via: "send_error", messageId: item.messageId },
          }
        : undefined;
    case "message":
      return saidConsent(item, route);
  }
}

function saidConsent(
  { content, messageId, groupId }: InboundMessage,
  { agent }: Route,
): ReturnType<typeof consentOf> {
  // Who changes a message to "stop" has said it.
  const text = content.text ?? content.edit?.text;
  if (text === undefined || content.kind === "system") return undefined;
  // Said to a group, it is not said to us.
  if (groupId !== undefined) return undefined;
  return consentInText(text, {
    phrases: agent.optOut.phrases,
    messageId,
    via: content.reply === undefined ? "text" : "button",
  });
}

/** The same of words alone, such as a transcript's. Pure. */
export function consentInText(
  text: string,
  around: {
    phrases: readonly string[];
    messageId: string;
    via: "text" | "button";
  },
): ReturnType<typeof consentOf> {
  const { phrases, messageId, via } = around;
  const optOut = detectOptOut(text, { phrases });
  const found = optOut ?? detectOptIn(text);
  if (found === undefined) return undefined;
  const { phrase, language } = found;
  return {
    type: optOut === undefined ? "message.opt_in" : "message.opt_out",
    data: {
      via,
      messageId,
      phrase: phrase.slice(0, 1_024),
      ...(language === undefined ? {} : { language }),
    },
  };
}

function about(item: PublishedItem, { tenantId, agent }: Route) {
  const { person, atMs, phoneNumberId } = item;
  return {
    tenantId,
    userId: userIdOf(person),
    ...(person.phone === undefined ? {} : { phone: person.phone }),
    to: phoneNumberId,
    agent: agent.name,
    at: new Date(atMs).toISOString(),
  };
}

function receivedData(
  item: InboundMessage,
  route: Route,
): EventDataByType["message.received"] {
  const { name, username, referral, inReplyTo, groupId, content } = item;
  return {
    ...about(item, route),
    from: userIdOf(item.person),
    messageId: item.messageId,
    phoneNumberId: item.phoneNumberId,
    ...content,
    ...(name === undefined ? {} : { name }),
    ...(username === undefined ? {} : { username }),
    ...(referral === undefined ? {} : { referral }),
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    ...(groupId === undefined ? {} : { groupId }),
  };
}

function statusData(
  item: MessageStatus,
  route: Route,
): EventDataByType["message.status"] {
  const { dedupeKey, conversationId, category, errors } = item;
  return {
    ...about(item, route),
    messageId: item.messageId,
    status: item.status,
    ...(dedupeKey === undefined ? {} : { dedupeKey }),
    ...(conversationId === undefined ? {} : { conversationId }),
    ...(category === undefined ? {} : { category }),
    ...(errors.length === 0 ? {} : { errors: [...errors] }),
  };
}
