import { InvalidEventError } from "../errors.js";
import type { EasymoEvent } from "../events/event.js";
import { topicCatalogue, type TopicName } from "./catalogue.generated.js";

/** What the key of a topic's records is made of, as topics.yaml says it. */
export type KeyRule = (typeof topicCatalogue)[number]["key"];

/** As much of an event as its key is made of. */
export type KeyedEvent = Pick<EasymoEvent, "type" | "tenantId" | "data">;

/** Whether a string names a topic of the catalogue. */
export function isTopicName(topic: string): topic is TopicName {
  return topicCatalogue.some(({ name }) => name === topic);
}

/**
 * The key of an event on a topic: everything with one key is handled in order. Throws InvalidEventError when the event's
 * type does not belong on the topic or the event lacks what the key is made of.
 */
export function keyOf(topic: TopicName, event: KeyedEvent): string {
  const entry = topicCatalogue.find(({ name }) => name === topic);
  if (entry === undefined || !takesType(entry.eventTypes, event.type)) {
    throw new InvalidEventError(event.type, [
      { field: "type", message: `does not belong on ${topic}` },
    ]);
  }
  const rule: KeyRule = entry.key;
  switch (rule) {
    case "callId":
      return required(event, "callId", callIdOf(event));
    case "tenantId:userId":
      return `${event.tenantId}:${required(event, "userId", userIdOf(event))}`;
    case "tenantId:contact":
      return `${event.tenantId}:${required(event, "contact", contactOf(event))}`;
    case "original":
      throw new InvalidEventError(event.type, [
        {
          field: "type",
          message: `${topic} takes records as they were, with their own key`,
        },
      ]);
  }
}

/** Whether events of a type belong on a topic that declares these types. */
function takesType(types: readonly string[], type: string): boolean {
  return types.includes("*") || types.includes(type);
}

function callIdOf({ data }: KeyedEvent): string | undefined {
  return "callId" in data ? data.callId : undefined;
}

/** A message to someone whose user id its sender does not know goes by whom it is to. */
function userIdOf({ type, data }: KeyedEvent): string | undefined {
  const userId = "userId" in data ? data.userId : undefined;
  return type === "message.send" && "to" in data ? (userId ?? data.to) : userId;
}

function contactOf({ data }: KeyedEvent): string | undefined {
  return "contact" in data ? data.contact : undefined;
}

function required(
  event: KeyedEvent,
  field: string,
  value: string | undefined,
): string {
  if (value !== undefined) return value;
  throw new InvalidEventError(event.type, [
    { field, message: "is what the record's key is made of" },
  ]);
}
