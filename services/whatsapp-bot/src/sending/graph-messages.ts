import type { EventDataByType } from "@easymo/messaging";
import { z } from "zod";
import { isPhone } from "../people.js";
import { splitText } from "./split.js";
import {
  fallbackTemplate,
  templateOf,
  type FallbackTemplate,
  type GraphTemplate,
} from "./templates.js";

type MessageSend = EventDataByType["message.send"];
type GraphMessage = Readonly<Record<string, unknown>>;

const MAX_CALLBACK_DATA = 512;
const interactiveBody = z.object({ body: z.object({ text: z.string() }) });

/**
 * What Meta is sent for one `message.send`: one message, or several for a text that is too long for one. Pure.
 * Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-phone-number/message-api
 */
export function graphMessages(data: MessageSend): GraphMessage[] {
  const common = commonOf(data);
  switch (data.kind) {
    case "text":
      return splitText(data.text).map((body, part) => ({
        ...common,
        // Only the first part quotes what it answers.
        ...(part === 0 ? quoted(data) : {}),
        type: "text",
        text: { body, preview_url: data.previewUrl ?? false },
      }));
    case "template":
      return [templateMessage(data, templateOf(data.template))];
    case "interactive":
      return [
        {
          ...common,
          ...quoted(data),
          type: "interactive",
          interactive: data.interactive,
        },
      ];
    default:
      return [
        {
          ...common,
          ...quoted(data),
          type: data.kind,
          [data.kind]: mediaOf(data),
        },
      ];
  }
}

/** The agent's template instead, for someone who has not written lately; undefined when it cannot be filled in. Pure. */
export function fallbackMessage(
  data: MessageSend,
  template: FallbackTemplate,
  name: string | undefined,
): GraphMessage | undefined {
  const filled = fallbackTemplate(template, { name, text: textOf(data) });
  return filled === undefined ? undefined : templateMessage(data, filled);
}

function templateMessage(
  data: MessageSend,
  template: GraphTemplate,
): GraphMessage {
  return { ...commonOf(data), type: "template", template };
}

/** The words of a message, whatever its kind. */
function textOf(data: MessageSend): string | undefined {
  switch (data.kind) {
    case "text":
      return data.text;
    case "template":
      return undefined;
    case "interactive":
      return interactiveBody.safeParse(data.interactive).data?.body.text;
    default:
      return data.media.caption;
  }
}

/** Numbers go in `to`, user ids in `recipient`; a user id in `to` would be taken for a number and lost. */
function commonOf(data: MessageSend): GraphMessage {
  const phone = recipientPhone(data);
  return {
    messaging_product: "whatsapp",
    recipient_type: "individual",
    ...(phone === undefined ? { recipient: data.to } : { to: phone }),
    // Comes back with every status of the message.
    ...(data.dedupeKey.length <= MAX_CALLBACK_DATA
      ? { biz_opaque_callback_data: data.dedupeKey }
      : {}),
  };
}

/** The number that a message goes to; undefined when only a user id is known. Pure. */
export function recipientPhone(data: {
  to: string;
  phone?: string | undefined;
}): string | undefined {
  if (isPhone(data.to)) return data.to;
  if (/^[1-9]\d{5,14}$/.test(data.to)) return `+${data.to}`;
  return data.phone;
}

function quoted(data: MessageSend): GraphMessage {
  return data.inReplyTo === undefined
    ? {}
    : { context: { message_id: data.inReplyTo } };
}

/** Meta refuses a caption or a file name where the kind has none. */
function mediaOf(data: Extract<MessageSend, { media: unknown }>): GraphMessage {
  const { media, kind } = data;
  const { caption, filename } = media;
  const hasCaption =
    kind === "image" || kind === "video" || kind === "document";
  return {
    ...("id" in media ? { id: media.id } : { link: media.link }),
    ...(caption !== undefined && hasCaption ? { caption } : {}),
    ...(filename !== undefined && kind === "document" ? { filename } : {}),
  };
}
