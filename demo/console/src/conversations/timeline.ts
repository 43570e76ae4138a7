import { type Fields, isFields, maybeNumber, maybeText } from "../fields.js";
import type { FeedEntry } from "../wire.js";
import type { ConversationNote } from "./wire.js";

/** Something that happened between a person and a tenant. */
export interface Moment {
  readonly sequence: number;
  readonly atMs: number;
  readonly channel: "telephone" | "SIP" | "WhatsApp" | "platform";
  readonly who: string;
  readonly words: string;
}

/** What of the events that went by is about this person, in order. Pure. */
export function timelineOf(
  entries: readonly FeedEntry[],
  person: Pick<ConversationNote, "tenant" | "names" | "callIds">,
): Moment[] {
  const told = new Set<string>();
  return entries
    .filter((entry) => isAbout(entry, person) && !isRepeat(entry, told))
    .map(momentOf)
    .filter((moment) => moment !== undefined);
}

/** Whoever asks for it, a message is sent once per key. */
function isRepeat({ headers, data }: FeedEntry, told: Set<string>): boolean {
  const key = maybeText(data, "dedupeKey");
  if (headers.ce_type !== "message.send" || key === undefined) return false;
  if (told.has(key)) return true;
  told.add(key);
  return false;
}

function isAbout(
  { headers, data }: FeedEntry,
  {
    tenant,
    names,
    callIds,
  }: Pick<ConversationNote, "tenant" | "names" | "callIds">,
): boolean {
  if (headers.ce_tenantid !== tenant) return false;
  const callId = maybeText(data, "callId");
  if (callId !== undefined && callIds.includes(callId)) return true;
  return ["phone", "userId", "contact", "from", "to"].some((field) => {
    const value = maybeText(data, field);
    return value !== undefined && names.includes(value);
  });
}

function momentOf(entry: FeedEntry): Moment | undefined {
  const told = tell(entry.headers.ce_type ?? "", entry.data);
  if (told === undefined) return undefined;
  const [who, words] = told;
  const { sequence, timestampMs: atMs } = entry;
  return { sequence, atMs, channel: channelOf(entry), who, words };
}

function channelOf({ topic, headers }: FeedEntry): Moment["channel"] {
  if (headers.ce_type === "intent.captured") return "platform";
  if (topic.startsWith("whatsapp.")) return "WhatsApp";
  if (topic === "voice.sip.events") return "SIP";
  return topic.startsWith("voice.") ? "telephone" : "platform";
}

/** Who did what, in words; undefined for what is no news of its own. */
function tell(
  type: string,
  data: Fields,
): readonly [who: string, words: string] | undefined {
  const text = (name: string) => maybeText(data, name) ?? "";
  switch (type) {
    case "message.received":
      return ["Person", text("text") || text("kind")];
    case "message.send":
      return ["Business", text("text") || text("kind")];
    case "media.transcript":
      return [text("role") === "user" ? "Person" : "Agent", text("text")];
    case "call.start":
      return ["Call", `from ${text("from")} to ${text("to")}`];
    case "call.stop":
      return ["Call", `ended: ${text("reason")}`];
    case "call.dtmf":
      return ["Person", `pressed ${text("digit")}`];
    case "call.opt_out":
    case "message.opt_out":
      return ["Person", `opted out: ${text("phrase") || text("via")}`];
    case "message.opt_in":
      return ["Person", `opted in: ${text("phrase") || text("via")}`];
    case "call.payment_prompt":
    case "payment.requested":
      return ["Payment", `${amountOf(data)} ${text("ussd") || text("url")}`];
    case "call.transfer":
      return ["Call", `transferred to ${text("to")}`];
    case "intent.captured":
      return ["Wants", `${text("name")} ${slotsOf(data)}`.trim()];
    case "ranking.forwarded":
      return ["Ranking", `${candidatesOf(data)} offers were forwarded`];
    case "opt_out.registered":
      return ["Registry", "has the opt-out"];
    case "conversation.updated":
      return handoverTold(data);
    case "sip.ringing":
    case "sip.connected":
    case "sip.ended":
      return ["Call", type.slice("sip.".length)];
    default:
      return undefined;
  }
}

/** Of what is told of a conversation, only who answers it is news of its own. */
function handoverTold(data: Fields): readonly [string, string] | undefined {
  const { handover } = data;
  if (!isFields(handover)) return undefined;
  return maybeText(handover, "state") === "with_human"
    ? ["Handover", `to a colleague of ${maybeText(handover, "queue") ?? ""}`]
    : ["Handover", "is over, the agent answers again"];
}

function amountOf(data: Fields): string {
  const amount = maybeNumber(data, "amount") ?? 0;
  return `${amount.toLocaleString("en")} ${maybeText(data, "currency") ?? ""}`;
}

function slotsOf(data: Fields): string {
  const { slots } = data;
  return typeof slots === "object" && slots !== null
    ? Object.values(slots).map(String).join(", ")
    : "";
}

function candidatesOf(data: Fields): number {
  const { candidates } = data;
  return Array.isArray(candidates) ? candidates.length : 0;
}
