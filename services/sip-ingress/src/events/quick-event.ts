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
  const isTime = (value: unknown): value is string =>
    typeof value === "string" &&
    RFC_3339.test(value) &&
    Date.parse(value) <= clock.now() + MAX_AHEAD_MS;
  return (body) => {
    for (const name of Object.keys(body))
      if (!FIELDS.has(name)) return undefined;
    const given: Given = body;
    const { callId, event, timestamp, payload, idempotencyKey } = given;
    if (typeof callId !== "string" || !CALL_ID.test(callId)) return undefined;
    if (!isEventKind(event) || !isTime(timestamp)) return undefined;
    if (payload !== undefined && !isPlainJson(payload, 0)) return undefined;
    if (idempotencyKey !== undefined && !isKey(idempotencyKey))
      return undefined;
    const from = partyOf(given.from, readParty);
    const to = partyOf(given.to, readParty);
    if (from === NOBODY || to === NOBODY) return undefined;
    return { callId, event, timestamp, from, to, payload, idempotencyKey };
  };
}

/** What a body may have in it, of whatever type. */
type Given = { readonly [K in keyof SipEvent]?: unknown };

const FIELDS: ReadonlySet<string> = new Set<keyof SipEvent>([
  "callId",
  "event",
  "timestamp",
  "from",
  "to",
  "payload",
  "idempotencyKey",
]);

/** In a party's place stands what is none, or not for here. */
const NOBODY = Symbol("nobody");

function partyOf(
  value: unknown,
  readParty: ReadParty,
): GivenParty | undefined | typeof NOBODY {
  if (value === undefined) return undefined;
  return typeof value === "string" &&
    value !== "" &&
    value.length <= MAX_ADDRESS_CHARACTERS
    ? (readParty(value) ?? NOBODY)
    : NOBODY;
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
