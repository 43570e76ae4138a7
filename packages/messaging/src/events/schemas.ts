import type { z } from "zod";
import { brokerSchemas } from "./broker.js";
import { contactSchemas, mediaSchemas, sipSchemas } from "./voice.js";
import { inboundSchemas, outboundSchemas } from "./whatsapp.js";

/** The data of every event, by CloudEvents type. Parsing drops fields that are not known, so that a newer producer's event is readable. */
export const eventSchemas = {
  ...contactSchemas,
  ...mediaSchemas,
  ...sipSchemas,
  ...inboundSchemas,
  ...outboundSchemas,
  ...brokerSchemas,
} as const;

export type EventType = keyof typeof eventSchemas;

export type EventDataByType = {
  [T in EventType]: z.infer<(typeof eventSchemas)[T]>;
};

/** Every event type, in the order of the schemas. */
export const eventTypes: readonly EventType[] =
  Object.keys(eventSchemas).filter(isEventType);

export function isEventType(value: string): value is EventType {
  return Object.hasOwn(eventSchemas, value);
}
