import {
  type Fields,
  fieldsOf,
  flagOf,
  listOf,
  maybeText,
  numberOf,
  parseFields,
  textOf,
  textsOf,
  WireError,
} from "../fields.js";
import type {
  Business,
  ChatContent,
  ChatMessage,
  ChatNotice,
  Choice,
  Exchange,
  Ticks,
} from "./wire.js";

export function readBusiness(fields: Fields): Business {
  return {
    id: textOf(fields, "id"),
    tenant: textOf(fields, "tenant"),
    agent: textOf(fields, "agent"),
    languages: textsOf(fields, "languages"),
  };
}

export function readChatNotice(text: string): ChatNotice {
  const fields = parseFields(text);
  const type = textOf(fields, "type");
  switch (type) {
    case "chat":
      return {
        type,
        messages: listOf(fields, "messages", readMessage),
        power: flagOf(fields, "power"),
        offers: flagOf(fields, "offers"),
      };
    case "message":
      return { type, message: readMessage(fieldsOf(fields, "message")) };
    case "typing":
      return { type };
    case "exchange":
      return { type, exchange: readExchange(fieldsOf(fields, "exchange")) };
    case "problem":
      return { type, message: textOf(fields, "message") };
    default:
      throw new WireError(`There is no notice "${type}".`);
  }
}

function readMessage(fields: Fields): ChatMessage {
  return {
    id: textOf(fields, "id"),
    from: textOf(fields, "from") === "owner" ? "owner" : "business",
    atMs: numberOf(fields, "atMs"),
    ticks: readTicks(textOf(fields, "ticks")),
    content: readContent(fieldsOf(fields, "content")),
    replyTo: maybeText(fields, "replyTo"),
    reaction: maybeText(fields, "reaction"),
    pressed: maybeText(fields, "pressed"),
    failure: maybeText(fields, "failure"),
  };
}

function readTicks(ticks: string): Ticks {
  switch (ticks) {
    case "sent":
    case "delivered":
    case "read":
    case "failed":
      return ticks;
    default:
      return "waiting";
  }
}

function readContent(fields: Fields): ChatContent {
  const kind = textOf(fields, "kind");
  const text = maybeText(fields, "text") ?? "";
  switch (kind) {
    case "text":
      return { kind, text };
    case "voice":
      return { kind, text, audio: textOf(fields, "audio") };
    case "location":
      return {
        kind,
        latitude: numberOf(fields, "latitude"),
        longitude: numberOf(fields, "longitude"),
        name: textOf(fields, "name"),
      };
    case "template":
      return { kind, text, name: textOf(fields, "name"), ...choices(fields) };
    case "buttons":
      return { kind, text, ...choices(fields) };
    case "list":
      return { kind, text, label: textOf(fields, "label"), ...choices(fields) };
    case "link":
      return {
        kind,
        text,
        label: textOf(fields, "label"),
        url: textOf(fields, "url"),
      };
    case "file":
      return {
        kind,
        type: textOf(fields, "type"),
        place: textOf(fields, "place"),
        caption: textOf(fields, "caption"),
      };
    default:
      throw new WireError(`No message shows "${kind}".`);
  }
}

function choices(fields: Fields): { readonly choices: readonly Choice[] } {
  return { choices: listOf(fields, "choices", readChoice) };
}

function readChoice(fields: Fields): Choice {
  return {
    id: textOf(fields, "id"),
    title: textOf(fields, "title"),
    description: maybeText(fields, "description"),
  };
}

function readExchange(fields: Fields): Exchange {
  return {
    direction: textOf(fields, "direction") === "webhook" ? "webhook" : "graph",
    what: textOf(fields, "what"),
    atMs: numberOf(fields, "atMs"),
    status: numberOf(fields, "status"),
    signature: textOf(fields, "signature"),
    body: textOf(fields, "body"),
  };
}
