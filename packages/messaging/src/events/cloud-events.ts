import { z } from "zod";
import { MalformedRecordError } from "../errors.js";
import {
  checkedData,
  dataSchema,
  type EasymoEvent,
  type EventEnvelope,
} from "./event.js";
import { isEventType, type EventType } from "./schemas.js";

/** The part of a Kafka record that an event is in. */
export interface EncodedEvent {
  readonly headers: Record<string, string>;
  readonly value: Buffer;
}

const CONTENT_TYPE = "application/json";
/** What topics take by default; whoever sends more has configured one by hand, and is not to fill our memory. */
const MAX_VALUE_BYTES = 1_024 * 1_024;

/**
 * CloudEvents 1.0, Kafka protocol binding, binary content mode: attributes as `ce_` headers, the data as the value.
 * Throws InvalidEventError when the data is not of its type.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md#32-binary-content-mode
 */
export function encodeEvent(event: EasymoEvent): EncodedEvent {
  return encodeData(event, checkedData(event.type, event.data, event.tenantId));
}

/** The same, of data that has just been checked. */
export function encodeData(
  event: Attributes & { readonly type: EventType },
  data: EasymoEvent["data"],
): EncodedEvent {
  return {
    headers: {
      ce_specversion: "1.0",
      ce_id: event.id,
      ce_source: event.source,
      ce_type: event.type,
      ce_time: event.time,
      ...(event.subject === undefined ? {} : { ce_subject: event.subject }),
      ce_tenantid: event.tenantId,
      ce_requestid: event.requestId,
      "content-type": CONTENT_TYPE,
      ...(event.traceparent === undefined
        ? {}
        : { traceparent: event.traceparent }),
    },
    value: Buffer.from(JSON.stringify(data), "utf8"),
  };
}

/**
 * Reads a record back. Unknown headers and data fields are ignored. What CloudEvents lets a producer leave out is made up
 * for: the time is the data's `at`, the content is JSON, and an event of no request is its own; as is what the data leaves
 * out that the attributes say: the tenant and the time. Throws MalformedRecordError for anything else.
 */
export function decodeEvent(record: {
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Uint8Array | null;
}): EasymoEvent {
  const optional = (name: string): string | undefined =>
    record.headers[name] === "" ? undefined : record.headers[name];
  const attribute = (name: string): string => {
    const value = optional(name);
    if (value === undefined) {
      throw new MalformedRecordError("missing_attribute", name);
    }
    return value;
  };
  const version = attribute("ce_specversion");
  if (version !== "1.0") {
    throw new MalformedRecordError("unsupported_version", "ce_specversion");
  }
  const type = attribute("ce_type");
  if (!isEventType(type)) {
    throw new MalformedRecordError("unknown_type", "ce_type");
  }
  const time = optional("ce_time");
  if (time !== undefined && !rfc3339.safeParse(time).success) {
    throw new MalformedRecordError("invalid_attribute", "ce_time");
  }
  const { ce_subject: subject, traceparent } = record.headers;
  const id = attribute("ce_id");
  const attributes = {
    id,
    source: attribute("ce_source"),
    ...(subject === undefined ? {} : { subject }),
    tenantId: attribute("ce_tenantid"),
    requestId: optional("ce_requestid") ?? id,
    ...(traceparent === undefined ? {} : { traceparent }),
  };
  if (!isJson(optional("content-type") ?? CONTENT_TYPE)) {
    throw new MalformedRecordError("invalid_attribute", "content-type");
  }
  return withData(type, { ...attributes, time }, parseJson(record.value));
}

const rfc3339 = z.iso.datetime({ offset: true });

type Attributes = Omit<EventEnvelope<EventType>, "type" | "data">;

function withData<T extends EventType>(
  type: T,
  attributes: Omit<Attributes, "time"> & { readonly time: string | undefined },
  json: unknown,
): EasymoEvent<T> {
  const schema = dataSchema(type);
  let parsed = schema.safeParse(json);
  if (!parsed.success) parsed = schema.safeParse(completed(json, attributes));
  if (!parsed.success) {
    const fields = parsed.error.issues
      .map(
        (issue) =>
          `${issue.path.map(String).join(".") || "data"}: ${issue.message}`,
      )
      .join("; ");
    throw new MalformedRecordError("invalid_data", `${type}: ${fields}`);
  }
  if (parsed.data.tenantId !== attributes.tenantId) {
    throw new MalformedRecordError(
      "invalid_data",
      `${type}: tenantId is not the envelope's`,
    );
  }
  const { time = parsed.data.at } = attributes;
  return { ...attributes, time, type, data: parsed.data };
}

/** What the envelope says too may be left out of the data. */
function completed(
  json: unknown,
  { tenantId, time }: { tenantId: string; time: string | undefined },
): unknown {
  return typeof json === "object" && json !== null && !Array.isArray(json)
    ? { tenantId, ...(time === undefined ? {} : { at: time }), ...json }
    : json;
}

function isJson(contentType: string): boolean {
  const mediaType = contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  return mediaType === CONTENT_TYPE || mediaType.endsWith("+json");
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function parseJson(value: Uint8Array | null): unknown {
  if (value === null) {
    throw new MalformedRecordError("invalid_json", "the value is empty");
  }
  if (value.byteLength > MAX_VALUE_BYTES) {
    throw new MalformedRecordError(
      "too_large",
      `the value has more than ${MAX_VALUE_BYTES} bytes`,
    );
  }
  try {
    return JSON.parse(utf8.decode(value));
  } catch {
    // The parser's own message quotes the text, which may be someone's words.
    throw new MalformedRecordError("invalid_json", "the value is not JSON");
  }
}
