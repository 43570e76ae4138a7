import { hash, randomUUID } from "node:crypto";
import { InvalidEventError } from "../errors.js";
import { isPlainSipData } from "./plain-sip.js";
import {
  eventSchemas,
  type EventDataByType,
  type EventType,
} from "./schemas.js";

/** One thing that happened: the attributes of CloudEvents 1.0 that the platform uses, and the data of its type. */
export type EasymoEvent<T extends EventType = EventType> = {
  [K in T]: EventEnvelope<K>;
}[T];

export interface EventEnvelope<T extends EventType> {
  readonly id: string;
  /** Which service, and where in it: `/voice-bridge/calls`. */
  readonly source: string;
  readonly type: T;
  /** RFC 3339. */
  readonly time: string;
  readonly subject?: string;
  readonly tenantId: string;
  readonly requestId: string;
  /** W3C Trace Context. */
  readonly traceparent?: string;
  readonly data: EventDataByType[T];
}

export interface EventInit<T extends EventType> {
  data: EventDataByType[T];
  tenantId: string;
  source: string;
  requestId: string;
  /** Default: random. An event made from an outside request takes `deriveEventId`. */
  id?: string;
  subject?: string;
  /** Default: the data's `at`. */
  time?: string;
  traceparent?: string;
}

/**
 * Makes an event. Throws InvalidEventError when the data is not of its type, has a field that the type does not know, or
 * belongs to another tenant than the envelope.
 */
export function createEvent<T extends EventType>(
  type: T,
  init: EventInit<T>,
): EasymoEvent<T> {
  const data = checkedData(type, init.data, init.tenantId);
  return {
    id: init.id ?? randomUUID(),
    source: init.source,
    type,
    time: init.time ?? data.at,
    ...(init.subject === undefined ? {} : { subject: init.subject }),
    tenantId: init.tenantId,
    requestId: init.requestId,
    ...(init.traceparent === undefined
      ? {}
      : { traceparent: init.traceparent }),
    data,
  };
}

const LENGTH_BYTES = 4;
/** A length below this is written, as a 32-bit number, in characters of one byte each. */
const FIRST_LONG_BYTES = 0x80;

/**
 * A stable id of an outside request: the same parts give the same UUID (version 8, from SHA-256), so that a repeat of the
 * request is the same event. Parts are length-prefixed: ("ab", "c") is not ("a", "bc").
 */
export function deriveEventId(...parts: readonly string[]): string {
  const hex = hash("sha256", prefixedText(parts) ?? prefixedBytes(parts));
  const version = `8${hex.slice(13, 16)}`;
  const highest = Number.parseInt(hex.charAt(16), 16) & 0x03;
  const variant = `${VARIANTS.charAt(highest)}${hex.slice(17, 20)}`;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${version}-${variant}-${hex.slice(20, 32)}`;
}

/** RFC 9562 §4.1: the two highest bits are 10. */
const VARIANTS = "89ab";

/** Parts of ordinary length; undefined when one is long. */
function prefixedText(parts: readonly string[]): string | undefined {
  let whole = "";
  for (const part of parts) {
    const length = Buffer.byteLength(part, "utf8");
    if (length >= FIRST_LONG_BYTES) return undefined;
    whole += `\0\0\0${String.fromCharCode(length)}${part}`;
  }
  return whole;
}

function prefixedBytes(parts: readonly string[]): Buffer {
  const lengths = parts.map((part) => Buffer.byteLength(part, "utf8"));
  const whole = Buffer.allocUnsafe(
    lengths.reduce((sum, length) => sum + LENGTH_BYTES + length, 0),
  );
  let at = 0;
  for (const [index, part] of parts.entries()) {
    at = whole.writeUInt32BE(lengths[index] ?? 0, at);
    at += whole.write(part, at, "utf8");
  }
  return whole;
}

/** The data as its schema gives it back. Throws InvalidEventError, also for a field that the schema does not know, or another tenant. */
export function checkedData<T extends EventType>(
  type: T,
  data: unknown,
  tenantId: string,
): EventDataByType[T] {
  const isPlain = plainData[type];
  const plain = isPlain?.(data) === true ? data : undefined;
  if (plain?.tenantId === tenantId) return plain;
  const parsed = dataSchema(type).safeParse(data);
  if (!parsed.success) {
    throw new InvalidEventError(
      type,
      parsed.error.issues.map((issue) => ({
        field: issue.path.map(String).join(".") || "data",
        message: issue.message,
      })),
    );
  }
  const unknown = fieldsLost(data, parsed.data, "");
  if (unknown.length > 0) {
    throw new InvalidEventError(
      type,
      unknown.map((field) => ({ field, message: "is not known" })),
    );
  }
  if (parsed.data.tenantId !== tenantId) {
    throw new InvalidEventError(type, [
      { field: "tenantId", message: "is not the envelope's" },
    ]);
  }
  return parsed.data;
}

/** Of types that come by the thousand a second: whether data is, beyond doubt, what its schema would give back. */
const plainData: {
  readonly [T in EventType]?: (data: unknown) => data is EventDataByType[T];
} = {
  "sip.ringing": isPlainSipData,
  "sip.connected": isPlainSipData,
  "sip.audio": isPlainSipData,
  "sip.dtmf": isPlainSipData,
  "sip.ended": isPlainSipData,
};

/** What a schema is to this module: something that parses to the type's data. */
export interface DataSchema<T extends EventType> {
  safeParse(value: unknown):
    | { success: true; data: EventDataByType[T] }
    | {
        success: false;
        error: {
          issues: readonly { path: readonly PropertyKey[]; message: string }[];
        };
      };
}

const dataSchemas: { readonly [T in EventType]: DataSchema<T> } = eventSchemas;

export function dataSchema<T extends EventType>(type: T): DataSchema<T> {
  return dataSchemas[type];
}

/** Paths that are in `given` and not in `kept`: what parsing dropped. */
function fieldsLost(given: unknown, kept: unknown, path: string): string[] {
  if (!isObject(given) || !isObject(kept)) return [];
  const lost: string[] = [];
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const field = path === "" ? key : `${path}.${key}`;
    if (Object.hasOwn(kept, key)) {
      lost.push(...fieldsLost(value, kept[key], field));
    } else {
      lost.push(field);
    }
  }
  return lost;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
