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
} from "./fields.js";
import type { SipLine } from "./sip/wire.js";
import { readBusiness } from "./whatsapp/read-wire.js";
import type {
  FeedEntry,
  Line,
  OptOut,
  People,
  Person,
  PhoneNotice,
  Ringing,
  Setup,
} from "./wire.js";

export function readNotice(text: string): PhoneNotice {
  const fields = parseFields(text);
  const type = textOf(fields, "type");
  switch (type) {
    case "call":
      return { type, ...readRinging(fields) };
    case "state":
      return { type, state: textOf(fields, "state") };
    case "speaking":
      return {
        type,
        text: textOf(fields, "text"),
        durationMs: numberOf(fields, "durationMs"),
      };
    case "connected":
    case "clear":
      return { type };
    case "announcement":
      return { type, text: textOf(fields, "text") };
    case "transfer":
      return { type, to: textOf(fields, "to") };
    case "problem":
      return { type, message: textOf(fields, "message") };
    case "ended":
      return { type, reason: textOf(fields, "reason") };
    default:
      throw new WireError(`There is no notice "${type}".`);
  }
}

export function readRinging(fields: Fields): Ringing {
  return {
    callId: textOf(fields, "callId"),
    from: textOf(fields, "from"),
    to: textOf(fields, "to"),
  };
}

export function readEntry(text: string): FeedEntry {
  const fields = parseFields(text);
  const headers = fieldsOf(fields, "headers");
  return {
    sequence: numberOf(fields, "sequence"),
    topic: textOf(fields, "topic"),
    partition: numberOf(fields, "partition"),
    offset: textOf(fields, "offset"),
    key: textOf(fields, "key"),
    timestampMs: numberOf(fields, "timestampMs"),
    headers: Object.fromEntries(
      Object.keys(headers).map((name) => [name, textOf(headers, name)]),
    ),
    data: fieldsOf(fields, "data"),
  };
}

export function readSetup(text: string): Setup {
  const fields = parseFields(text);
  return {
    lines: listOf(fields, "lines", readLine),
    businesses: listOf(fields, "businesses", readBusiness),
    sipLines: listOf(fields, "sipLines", readSipLine),
    topics: textsOf(fields, "topics"),
    model: textOf(fields, "model") === "openai" ? "openai" : "offline",
    voice: textOf(fields, "voice") === "espeak" ? "espeak" : "tone",
  };
}

function readLine(fields: Fields): Line {
  return {
    address: textOf(fields, "address"),
    tenant: textOf(fields, "tenant"),
    agent: textOf(fields, "agent"),
    languages: textsOf(fields, "languages"),
  };
}

function readSipLine(fields: Fields): SipLine {
  return {
    address: textOf(fields, "address"),
    tenant: textOf(fields, "tenant"),
    agent: textOf(fields, "agent"),
  };
}

export function readPeople(text: string): People {
  const fields = parseFields(text);
  return {
    leads: listOf(fields, "leads", readPerson),
    optOuts: listOf(fields, "optOuts", readOptOut),
  };
}

function readPerson(fields: Fields): Person {
  return {
    tenant: textOf(fields, "tenant"),
    name: maybeText(fields, "name"),
    phone: maybeText(fields, "phone"),
    language: maybeText(fields, "language"),
    tags: textsOf(fields, "tags"),
    optedOut: flagOf(fields, "optedOut"),
  };
}

function readOptOut(fields: Fields): OptOut {
  return {
    tenant: textOf(fields, "tenant"),
    phone: textOf(fields, "phone"),
    channel: maybeText(fields, "channel"),
    at: maybeText(fields, "at"),
  };
}
