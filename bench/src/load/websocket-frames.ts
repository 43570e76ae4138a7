import { randomBytes } from "node:crypto";

/**
 * WebSocket frames (RFC 6455 §5.2) on plain sockets. The load generator has to
 * be lighter than what it measures, so it does without a library.
 */

const SLAB_BYTES = 256 * 1024;
const FIN = 0x80;
const TEXT = 0x1;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;
const MASK_BIT = 0x80;

/** Builds text frames, several in a row if need be, for one write. */
export class FrameBuilder {
  readonly #masked: boolean;
  readonly #mask = randomBytes(4);
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #start = 0;
  #end = 0;
  #payloadAt = 0;

  /** `masked` for a client's frames. */
  constructor(masked: boolean) {
    this.#masked = masked;
  }

  /** Where the next byte goes: write there, then call `advance`. */
  get buffer(): Buffer {
    return this.#slab;
  }

  get at(): number {
    return this.#end;
  }

  advance(bytes: number): void {
    this.#end += bytes;
  }

  /** Begins a frame whose payload will be `payloadBytes` long. */
  begin(payloadBytes: number): void {
    const room = payloadBytes + 14;
    if (this.#end + room > this.#slab.length) this.#grow(room);
    const slab = this.#slab;
    const maskBit = this.#masked ? MASK_BIT : 0;
    let at = this.#end;
    slab[at++] = FIN | TEXT;
    if (payloadBytes < 126) slab[at++] = maskBit | payloadBytes;
    else if (payloadBytes < 65_536) {
      slab[at++] = maskBit | 126;
      at = slab.writeUInt16BE(payloadBytes, at);
    } else {
      slab[at++] = maskBit | 127;
      at = slab.writeBigUInt64BE(BigInt(payloadBytes), at);
    }
    if (this.#masked) at += this.#mask.copy(slab, at);
    this.#payloadAt = at;
    this.#end = at;
  }

  text(text: string): void {
    this.#end += this.#slab.write(text, this.#end, "latin1");
  }

  bytes(bytes: Buffer): void {
    this.#end += bytes.copy(this.#slab, this.#end);
  }

  finish(): void {
    if (this.#masked)
      applyMask(this.#slab, this.#payloadAt, this.#end, this.#mask, 0);
  }

  /** A whole frame of ASCII text. */
  frame(text: string): void {
    this.begin(text.length);
    this.text(text);
    this.finish();
  }

  /** Everything that was built since the last time; never written to again. */
  take(): Buffer {
    const taken = this.#slab.subarray(this.#start, this.#end);
    this.#start = this.#end;
    return taken;
  }

  /** Frames that were begun and not taken move to the new slab. */
  #grow(room: number): void {
    const pending = this.#slab.subarray(this.#start, this.#end);
    this.#slab = Buffer.allocUnsafeSlow(
      Math.max(SLAB_BYTES, pending.length + room),
    );
    this.#end = pending.copy(this.#slab, 0);
    this.#start = 0;
  }
}

export interface FrameListener {
  /** The text stands in `message[start, end)` and is valid during the call only. */
  message(message: Buffer, start: number, end: number): void;
  ping(payload: Buffer): void;
  closed(code: number | undefined): void;
}

/** Cuts a stream of bytes into messages. */
export class FrameReader {
  readonly #listener: FrameListener;
  #rest: Buffer | undefined;

  constructor(listener: FrameListener) {
    this.#listener = listener;
  }

  /** `chunk` may be overwritten by the caller afterwards. */
  feed(chunk: Buffer): void {
    const data =
      this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    let at = 0;
    while (at < data.length) {
      const end = this.#frame(data, at);
      if (end === undefined) {
        this.#rest = Buffer.from(data.subarray(at));
        return;
      }
      at = end;
    }
  }

  /** Where the frame that begins at `at` ends; undefined when it is not all there. */
  #frame(data: Buffer, at: number): number | undefined {
    const first = data[at] ?? 0;
    const second = data[at + 1];
    if (second === undefined) return undefined;
    const masked = (second & MASK_BIT) !== 0;
    let length = second & 0x7f;
    let start = at + 2;
    if (length === 126) {
      if (data.length < start + 2) return undefined;
      length = data.readUInt16BE(start);
      start += 2;
    } else if (length === 127) {
      if (data.length < start + 8) return undefined;
      length = Number(data.readBigUInt64BE(start));
      start += 8;
    }
    const maskAt = start;
    if (masked) start += 4;
    const end = start + length;
    if (data.length < end) return undefined;
    if (masked) applyMask(data, start, end, data, maskAt);
    this.#deliver(first, data, start, end);
    return end;
  }

  #deliver(first: number, data: Buffer, start: number, end: number): void {
    switch (first & 0x0f) {
      case TEXT:
        if ((first & FIN) === 0)
          throw new Error("fragmented messages are not expected here");
        this.#listener.message(data, start, end);
        return;
      case CLOSE:
        this.#listener.closed(
          end - start >= 2 ? data.readUInt16BE(start) : undefined,
        );
        return;
      case PING:
        this.#listener.ping(Buffer.from(data.subarray(start, end)));
        return;
      case PONG:
        return;
      default:
        throw new Error(`a frame with opcode ${first & 0x0f} is not expected`);
    }
  }
}

/** A control frame: at most 125 bytes of payload. */
export function controlFrame(
  kind: "close" | "pong",
  payload: Buffer,
  masked: boolean,
): Buffer {
  const mask = masked ? randomBytes(4) : Buffer.alloc(0);
  const body = Buffer.from(payload);
  if (masked) applyMask(body, 0, body.length, mask, 0);
  return Buffer.concat([
    Buffer.from([
      FIN | (kind === "close" ? CLOSE : PONG),
      (masked ? MASK_BIT : 0) | body.length,
    ]),
    mask,
    body,
  ]);
}

function applyMask(
  data: Buffer,
  start: number,
  end: number,
  mask: Buffer,
  maskAt: number,
): void {
  const m0 = mask[maskAt] ?? 0;
  const m1 = mask[maskAt + 1] ?? 0;
  const m2 = mask[maskAt + 2] ?? 0;
  const m3 = mask[maskAt + 3] ?? 0;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    data[at] = (data[at] ?? 0) ^ m0;
    data[at + 1] = (data[at + 1] ?? 0) ^ m1;
    data[at + 2] = (data[at + 2] ?? 0) ^ m2;
    data[at + 3] = (data[at + 3] ?? 0) ^ m3;
  }
  if (at < end) data[at] = (data[at] ?? 0) ^ m0;
  if (at + 1 < end) data[at + 1] = (data[at + 1] ?? 0) ^ m1;
  if (at + 2 < end) data[at + 2] = (data[at + 2] ?? 0) ^ m2;
}
