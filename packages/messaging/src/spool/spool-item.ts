import type { BusRecord } from "../bus/bus.js";
import type { SpoolPlace } from "./spool-files.js";

/** A record on its way, in memory. */
export interface SpoolItem {
  readonly record: BusRecord;
  readonly bytes: number;
  /** Right behind it on the disk, once it is there. */
  end?: SpoolPlace;
  delivered: boolean;
}

export function spoolItem(record: BusRecord): SpoolItem {
  return { record, bytes: encodedBytes(record), delivered: false };
}

export function bytesOf(items: readonly SpoolItem[]): number {
  return items.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** About what a record takes in a file. */
function encodedBytes({ topic, key, value, headers }: BusRecord): number {
  let bytes = 64 + topic.length + key.length + value.length;
  for (const [name, header] of Object.entries(headers)) {
    bytes += 6 + name.length + header.length;
  }
  return bytes;
}
