import { crc32 } from "node:zlib";
import { z } from "zod";
import type { BusRecord } from "../bus/bus.js";

/** Length of the payload, then its CRC-32, both unsigned 32-bit big-endian; then the payload. */
export const FRAME_HEADER_BYTES = 8;
const HEAD_LENGTH_BYTES = 4;

const head = z.object({
  t: z.string(),
  k: z.string(),
  h: z.record(z.string(), z.string()),
});

/** A record as it lies in a spool file. */
export function encodeFrame(record: BusRecord): Buffer {
  const { topic: t, key: k, headers: h, value } = record;
  const headBytes = Buffer.from(JSON.stringify({ t, k, h }), "utf8");
  const payloadBytes = HEAD_LENGTH_BYTES + headBytes.length + value.length;
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payloadBytes);
  frame.writeUInt32BE(payloadBytes, 0);
  frame.writeUInt32BE(headBytes.length, FRAME_HEADER_BYTES);
  headBytes.copy(frame, FRAME_HEADER_BYTES + HEAD_LENGTH_BYTES);
  value.copy(frame, FRAME_HEADER_BYTES + HEAD_LENGTH_BYTES + headBytes.length);
  frame.writeUInt32BE(crc32(frame.subarray(FRAME_HEADER_BYTES)), 4);
  return frame;
}

export interface ReadFrame {
  readonly record: BusRecord;
  /** Where the next frame begins. */
  readonly end: number;
}

/**
 * The frame at a place in a buffer. `incomplete` when the buffer ends within it (more of the file may help), `broken` when
 * it is not a frame: a write that a crash cut short.
 */
export function readFrame(
  buffer: Buffer,
  at: number,
): ReadFrame | "incomplete" | "broken" {
  if (buffer.length - at < FRAME_HEADER_BYTES) return "incomplete";
  const payloadBytes = buffer.readUInt32BE(at);
  const start = at + FRAME_HEADER_BYTES;
  const end = start + payloadBytes;
  if (end > buffer.length) return "incomplete";
  const payload = buffer.subarray(start, end);
  if (crc32(payload) !== buffer.readUInt32BE(at + 4)) return "broken";
  const record = readPayload(payload);
  return record === undefined ? "broken" : { record, end };
}

function readPayload(payload: Buffer): BusRecord | undefined {
  if (payload.length < HEAD_LENGTH_BYTES) return undefined;
  const valueAt = HEAD_LENGTH_BYTES + payload.readUInt32BE(0);
  if (valueAt > payload.length) return undefined;
  try {
    const text = payload.toString("utf8", HEAD_LENGTH_BYTES, valueAt);
    const { t: topic, k: key, h: headers } = head.parse(JSON.parse(text));
    return { topic, key, headers, value: payload.subarray(valueAt) };
  } catch {
    return undefined;
  }
}
