import type { BusRecord } from "./bus.js";

/** A record with its key and headers; below the brokers' `max.message.bytes` of 1 MiB by what a batch adds around it. */
export const MAX_RECORD_BYTES = 1_000_000;

/** At most this much frame goes around a record or a header: lengths, deltas, attributes. */
const RECORD_FRAME_BYTES = 32;
const HEADER_FRAME_BYTES = 8;

/** An upper bound of a record's size in a Kafka batch. */
export function recordBytes({ key, value, headers }: BusRecord): number {
  let bytes = RECORD_FRAME_BYTES + Buffer.byteLength(key) + value.length;
  for (const name of Object.keys(headers)) {
    bytes += HEADER_FRAME_BYTES + Buffer.byteLength(name);
    bytes += Buffer.byteLength(headers[name] ?? "");
  }
  return bytes;
}
