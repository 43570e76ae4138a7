import type { Duplex } from "node:stream";
import type WebSocket from "ws";
import type { ConnectionReads } from "./connection-reads.js";

/** A text message in `buffer[start, end)`, valid during the call alone. */
export type TextListener = (buffer: Buffer, start: number, end: number) => void;

/** RFC 6455 §5.2: two bytes, eight of length, four of mask. */
const MAX_HEADER_BYTES = 14;
const WHOLE_TEXT = 0x81;
const FIN = 0x80;
const MASK_BIT = 0x80;
const LENGTH = 0x7f;
const CONTROL = 0x08;

/**
 * Reads the usual frame (RFC 6455 §5.2: one whole text message of less than
 * 64 KiB, all of it in one chunk of the connection) where it stands, without
 * an allocation, and hands every other byte to `ws` as if nobody had looked:
 * control frames, fragments, binary messages, frames split over two chunks and
 * whatever breaks the protocol. Messages keep their order.
 *
 * `reads` are the connection's, where it reads into memory that all share.
 * Takes the place of `ws`'s listener on the connection, so it is made as soon
 * as `ws` has set that, before any data flows. `onText` then gets the usual
 * messages, the `message` event the others.
 */
export function openFrameLane(
  socket: WebSocket,
  connection: Duplex,
  /** Whether the peer masks what it sends: it is the client. */
  masked: boolean,
  onText: TextListener,
  reads?: ConnectionReads,
): void {
  const listeners = connection.listeners("data");
  const [toSocket] = listeners;
  // Somebody else reads along: `ws` reads everything, as ever.
  if (toSocket === undefined || listeners.length !== 1) return;
  connection.removeAllListeners("data");
  let failed = false;
  socket.on("error", () => {
    failed = true;
  });
  let isLent = false;
  const lane = new FrameLane(masked, onText, (chunk) => {
    // `ws` keeps what it gets until a message is whole.
    const kept = isLent ? Buffer.from(chunk) : chunk;
    if (!failed) Reflect.apply(toSocket, connection, [kept]);
  });
  connection.on("data", (chunk: Buffer) => {
    isLent = false;
    lane.read(chunk, socket.readyState === socket.OPEN);
  });
  reads?.listen((chunk) => {
    isLent = true;
    lane.read(chunk, socket.readyState === socket.OPEN);
  });
}

/** Where a frame ends and the next begins, and who reads it. */
export class FrameLane {
  readonly #masked: boolean;
  readonly #onText: TextListener;
  readonly #pass: (chunk: Buffer) => void;
  /** The beginning of a header that the chunk before ended in. */
  readonly #header = Buffer.alloc(MAX_HEADER_BYTES);
  #headerBytes = 0;
  /** Of a frame that is passed on: what has not come yet. */
  #missingBytes = 0;
  /** Between the first and the last frame of a message. */
  #fragmented = false;

  constructor(
    masked: boolean,
    onText: TextListener,
    pass: (chunk: Buffer) => void,
  ) {
    this.#masked = masked;
    this.#onText = onText;
    this.#pass = pass;
  }

  /** `open`: whether usual messages are still wanted; without it all is passed on. */
  read(chunk: Buffer, open: boolean): void {
    let at = this.#resume(chunk);
    // What [at, passFrom) was passed or read; what follows `from` is passed.
    let from = 0;
    while (at < chunk.length) {
      const end = open ? this.#usualFrame(chunk, at) : 0;
      if (end > 0) {
        if (from < at) this.#pass(chunk.subarray(from, at));
        this.#deliver(chunk, at, end);
        at = end;
        from = end;
      } else {
        at = this.#skip(chunk, at);
      }
    }
    if (from < chunk.length)
      this.#pass(from === 0 ? chunk : chunk.subarray(from));
  }

  /** Where the frame that begins at `at` ends; 0 when it is not the usual one. */
  #usualFrame(chunk: Buffer, at: number): number {
    if (this.#fragmented || chunk[at] !== WHOLE_TEXT) return 0;
    const second = chunk[at + 1] ?? LENGTH;
    if ((second & MASK_BIT) !== (this.#masked ? MASK_BIT : 0)) return 0;
    const short = second & LENGTH;
    if (short === 127) return 0;
    const long = short === 126;
    const lengthEnd = at + (long ? 4 : 2);
    const payloadAt = this.#masked ? lengthEnd + 4 : lengthEnd;
    if (payloadAt > chunk.length) return 0;
    const bytes = long
      ? ((chunk[at + 2] ?? 0) << 8) | (chunk[at + 3] ?? 0)
      : short;
    const end = payloadAt + bytes;
    return end <= chunk.length ? end : 0;
  }

  #deliver(chunk: Buffer, at: number, end: number): void {
    const lengthEnd = at + (((chunk[at + 1] ?? 0) & LENGTH) === 126 ? 4 : 2);
    if (!this.#masked) {
      this.#onText(chunk, lengthEnd, end);
      return;
    }
    const start = lengthEnd + 4;
    unmask(chunk, lengthEnd, start, end);
    this.#onText(chunk, start, end);
  }

  /** Over the frame at `at`, as far as it has come: where the next begins. */
  #skip(chunk: Buffer, at: number): number {
    const size = frameBytes(chunk, at, chunk.length);
    if (size === undefined) {
      this.#headerBytes = chunk.copy(this.#header, 0, at);
      return chunk.length;
    }
    this.#note(chunk[at] ?? 0);
    const end = at + size;
    if (end <= chunk.length) return end;
    this.#missingBytes = end - chunk.length;
    return chunk.length;
  }

  /** Over what belongs to a frame that an earlier chunk began. */
  #resume(chunk: Buffer): number {
    let at = 0;
    while (this.#headerBytes > 0 && at < chunk.length) {
      this.#header[this.#headerBytes] = chunk[at] ?? 0;
      this.#headerBytes += 1;
      at += 1;
      const size = frameBytes(this.#header, 0, this.#headerBytes);
      if (size === undefined) continue;
      this.#note(this.#header[0] ?? 0);
      this.#missingBytes = size - this.#headerBytes;
      this.#headerBytes = 0;
    }
    const here = Math.min(this.#missingBytes, chunk.length - at);
    this.#missingBytes -= here;
    return at + here;
  }

  #note(first: number): void {
    if ((first & CONTROL) === 0) this.#fragmented = (first & FIN) === 0;
  }
}

/** The length of the frame at `at`, header and all; undefined when too little of the header is there. */
function frameBytes(
  from: Buffer,
  at: number,
  available: number,
): number | undefined {
  if (at + 2 > available) return undefined;
  const second = from[at + 1] ?? 0;
  const short = second & LENGTH;
  const mask = (second & MASK_BIT) === 0 ? 0 : 4;
  if (short < 126) return 2 + mask + short;
  if (short === 126)
    return at + 4 > available
      ? undefined
      : 4 + mask + from.readUInt16BE(at + 2);
  return at + 10 > available
    ? undefined
    : 10 +
        mask +
        from.readUInt32BE(at + 2) * 0x1_0000_0000 +
        from.readUInt32BE(at + 6);
}

function unmask(
  chunk: Buffer,
  maskAt: number,
  start: number,
  end: number,
): void {
  const m0 = chunk[maskAt] ?? 0;
  const m1 = chunk[maskAt + 1] ?? 0;
  const m2 = chunk[maskAt + 2] ?? 0;
  const m3 = chunk[maskAt + 3] ?? 0;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    chunk[at] = (chunk[at] ?? 0) ^ m0;
    chunk[at + 1] = (chunk[at + 1] ?? 0) ^ m1;
    chunk[at + 2] = (chunk[at + 2] ?? 0) ^ m2;
    chunk[at + 3] = (chunk[at + 3] ?? 0) ^ m3;
  }
  if (at < end) chunk[at] = (chunk[at] ?? 0) ^ m0;
  if (at + 1 < end) chunk[at + 1] = (chunk[at + 1] ?? 0) ^ m1;
  if (at + 2 < end) chunk[at + 2] = (chunk[at + 2] ?? 0) ^ m2;
}
