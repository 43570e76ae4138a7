import type { BusRecord } from "../bus/bus.js";
import type { TopicName } from "../topics/catalogue.generated.js";
import { InvalidEventError } from "../errors.js";
import { keyOf } from "../topics/keys.js";
import { encodeEvent } from "./cloud-events.js";
import type { EasymoEvent } from "./event.js";

/** Leaves room for the headers that a retry adds. */
const MAX_DATA_BYTES = 900_000;

/** The record of an event on a topic. Throws InvalidEventError when it does not belong there. */
export function recordOf(topic: TopicName, event: EasymoEvent): BusRecord {
  const { headers, value } = encodeEvent(event);
  if (value.length > MAX_DATA_BYTES) {
    throw new InvalidEventError(event.type, [
      { field: "data", message: `has more than ${MAX_DATA_BYTES} bytes` },
    ]);
  }
  return { topic, key: keyOf(topic, event), headers, value };
}
