import type { Clock } from "@easymo/service-kit";
import { z } from "zod";
import { MAX_PAYLOAD_DEPTH } from "./json-shape.js";
import {
  CALL_ID,
  isEventKind,
  MAX_ADDRESS_CHARACTERS,
  MAX_AHEAD_MS,
  MAX_KEY_CHARACTERS,
  type GivenParty,
  type Json,
  type ReadParty,
  type SipEvent,
} from "./sip-event.js";

const RFC_3339 = z.core.regexes.datetime({
  precision: null,
  offset: true,
  local: false,
});

/** Reads an event; undefined when the schema has to say what is wrong with it. */
export type QuickReader = (body: object) => SipEvent | undefined;

/**
 * Reads what nearly all events are like, at a fraction of what the schema takes for it. It takes nothing that the schema
 * does not take, and reads it alike.
 */
export function quickReader(options: {
  readonly clock: Clock;
  readonly readParty: ReadParty;
}): QuickReader {
  const { clock, readParty } = options;
  return (body) => {
    const event: Draft = {};
    for (const [name, value] of Object.entries(body))
      if (!readField(event, name, value, clock, readParty)) return undefined;
    const { callId, event: kind, timestamp } = event;
    return callId === undefined || kind === undefined || timestamp === undefined
      ? undefined
      : { ...event, callId, event: kind, timestamp };
  };
}

type Draft = { -readonly [K in keyof SipEvent]?: SipEvent[K] };

/** False: not for here. */
function readField(
  event: Draft,
  name: string,
  value: unknown,
  clock: Clock,
  readParty: ReadParty,
): boolean {
  switch (name) {
    case "callId":
      if (typeof value !== "string" || !CALL_ID.test(value)) return false;
      event.callId = value;
      return true;
    case "event":
      if (!isEventKind(value)) return false;
      event.event = value;
      return true;
    case "timestamp":
      if (typeof value !== "string" || !RFC_3339.test(value)) return false;
      if (!(Date.parse(value) <= clock.now() + MAX_AHEAD_MS)) return false;
      event.timestamp = value;
      return true;
    case "from":
    case "to": {
      const party = partyOf(value, readParty);
      if (party === undefined) return false;
      event[name] = party;
      return true;
    }
    case "payload":
      if (!isPlainJson(value, 0)) return false;
      event.payload = value;
      return true;
    case "idempotencyKey":
      if (!isKey(value)) return false;
      event.idempotencyKey = value;
      return true;
    default:
      return false;
  }
}

function partyOf(value: unknown, readParty: ReadParty): GivenParty | undefined {
  return typeof value === "string" &&
    value !== "" &&
    value.length <= MAX_ADDRESS_CHARACTERS
    ? readParty(value)
    : undefined;
}

function isKey(value: unknown): value is string {
  return (
    typeof value === "string" &&
    value !== "" &&
    value.length <= MAX_KEY_CHARACTERS &&
    value.isWellFormed()
  );
}

/** Of a value that came out of JSON: numbers may be infinite there, and a key `__proto__`. */
function isPlainJson(value: unknown, depth: number): value is Json {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value);
    case "object":
      if (value === null) return true;
      if (depth >= MAX_PAYLOAD_DEPTH) return false;
      for (const key of Object.keys(value))
        if (
          key === "__proto__" ||
          !isPlainJson(Reflect.get(value, key), depth + 1)
        )
          return false;
      return true;
    default:
      return false;
  }
}
