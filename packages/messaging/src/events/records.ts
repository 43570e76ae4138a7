import type { BusRecord } from "../bus/bus.js";
import type { TopicName } from "../topics/catalogue.generated.js";
import { InvalidEventError } from "../errors.js";
import { keyOf, type KeyedEvent } from "../topics/keys.js";
import { encodeData, encodeEvent, type EncodedEvent } from "./cloud-events.js";
import { createEvent, type EasymoEvent, type EventInit } from "./event.js";
import type { EventType } from "./schemas.js";

/** Leaves room for the headers that a retry adds. */
const MAX_DATA_BYTES = 900_000;

/** The record of an event on a topic. Throws InvalidEventError when it does not belong there. */
export function recordOf(topic: TopicName, event: EasymoEvent): BusRecord {
  return onTopic(topic, event, encodeEvent(event));
}

/** The record of a new event: `recordOf` and `createEvent` in one, with the data checked once. Throws InvalidEventError. */
export function createRecord<T extends EventType>(
  topic: TopicName,
  type: T,
  init: EventInit<T>,
): BusRecord {
  const event = createEvent(type, init);
  const { tenantId, data } = event;
  return onTopic(topic, { type, tenantId, data }, encodeData(event, data));
}

function onTopic(
  topic: TopicName,
  event: KeyedEvent,
  { headers, value }: EncodedEvent,
): BusRecord {
  if (value.length > MAX_DATA_BYTES) {
    throw new InvalidEventError(event.type, [
      { field: "data", message: `has more than ${MAX_DATA_BYTES} bytes` },
    ]);
  }
  return { topic, key: keyOf(topic, event), headers, value };
}
