import type { BusRecord } from "../bus/bus.js";
import type { TopicName } from "../topics/catalogue.generated.js";
import { keyOf } from "../topics/keys.js";
import { encodeEvent } from "./cloud-events.js";
import type { EasymoEvent } from "./event.js";

/** The record of an event on a topic. Throws InvalidEventError when it does not belong there. */
export function recordOf(topic: TopicName, event: EasymoEvent): BusRecord {
  const { headers, value } = encodeEvent(event);
  return { topic, key: keyOf(topic, event), headers, value };
}
