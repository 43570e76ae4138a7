import { randomFillSync } from "node:crypto";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";

import { READ_BYTES } from "./connection-reads.js";

const SLAB_BYTES = 64 * 1024;
const MASK_POOL_BYTES = 4 * 1024;
const TEXT_FRAME_FIN = 0x81;
/** RFC 6455 §5.2: two bytes, eight of length, four of mask. */
const MAX_HEADER_BYTES = 14;

/** A piece of memory that frames are cut from. */
interface Slab {
  readonly buffer: Buffer;
  used: number;
  /** Writers with frames in it that no socket has been given yet. */
  writers: number;
  /** Some socket may still hold a part of it. */
  held: boolean;
}

/**
 * Memory that frames of all calls are read into, and that those to be sent are cut from. A slab is written again
 * only when every socket handed all of it to the kernel; one that may still be
 * held by a slow socket is left to the garbage collector.
 */
export class FrameArena {
  #slab = newSlab(SLAB_BYTES);
  /** Where all connections read into. */
  readonly reads = Buffer.allocUnsafeSlow(READ_BYTES);
  readonly masks = Buffer.allocUnsafeSlow(MASK_POOL_BYTES);
  #masksUsed = MASK_POOL_BYTES;

  /** A slab with room for `bytes` in one piece, from its `used` on. */
  reserve(bytes: number): Slab {
    const slab = this.#slab;
    if (slab.used + bytes <= slab.buffer.length) return slab;
    const reusable =
      slab.writers === 0 && !slab.held && bytes <= slab.buffer.length;
    if (reusable) slab.used = 0;
    else this.#slab = newSlab(Math.max(SLAB_BYTES, bytes));
    return this.#slab;
  }

  /** Where in `masks` four fresh random bytes stand. */
  nextMask(): number {
    if (this.#masksUsed === MASK_POOL_BYTES) {
      randomFillSync(this.masks);
      this.#masksUsed = 0;
    }
    const at = this.#masksUsed;
    this.#masksUsed += 4;
    return at;
  }
}

function newSlab(bytes: number): Slab {
  return {
    buffer: Buffer.allocUnsafeSlow(bytes),
    used: 0,
    writers: 0,
    held: false,
  };
}

/**
 * Writes WebSocket text frames (RFC 6455 §5.2) straight to a socket whose
 * handshake somebody else made.
 *
 * One buffer per frame, and one write for all frames of an event-loop turn:
 * when the process is behind, the number of system calls falls by itself.
 * Everything that goes out as text on such a socket goes through its writer,
 * so that the order of the calls is the order on the wire.
 */
export class FrameWriter {
  readonly #socket: Duplex;
  readonly #arena: FrameArena;
  readonly #masked: boolean;
  #slab: Slab | undefined;
  #start = 0;
  #end = 0;
  readonly #isKernelSocket: boolean;
  readonly #flush = (): void => {
    this.flush();
  };

  /** `masked` for the client's side of a connection (RFC 6455 §5.3). */
  constructor(socket: Duplex, arena: FrameArena, masked: boolean) {
    this.#socket = socket;
    this.#arena = arena;
    this.#masked = masked;
    // Other streams may pass a buffer on, and keep it.
    this.#isKernelSocket = socket instanceof Socket;
  }

  /** Bytes that the socket has taken and the kernel has not. */
  get backlogBytes(): number {
    return this.#socket.writableLength;
  }

  /** One text frame: `prefix`, then `body[start, end)`, then `suffix`. */
  write(
    prefix: Buffer,
    body: Buffer,
    start: number,
    end: number,
    suffix: Buffer,
  ): void {
    const payloadBytes = prefix.length + (end - start) + suffix.length;
    const slab = this.#begin(payloadBytes).buffer;
    const payloadAt = this.#end;
    let at = payloadAt;
    slab.set(prefix, at);
    at += prefix.length;
    body.copy(slab, at, start, end);
    at += end - start;
    slab.set(suffix, at);
    this.#finish(slab, payloadAt, at + suffix.length);
  }

  /** One text frame holding `text`. */
  writeText(text: string): void {
    const payloadBytes = Buffer.byteLength(text);
    const slab = this.#begin(payloadBytes).buffer;
    const payloadAt = this.#end;
    slab.write(text, payloadAt);
    this.#finish(slab, payloadAt, payloadAt + payloadBytes);
  }

  /** One text frame holding `text`, whose characters are all ASCII. */
  writeAscii(text: string): void {
    const slab = this.#begin(text.length).buffer;
    const payloadAt = this.#end;
    slab.write(text, payloadAt, "latin1");
    this.#finish(slab, payloadAt, payloadAt + text.length);
  }

  /** Gives what is pending to the socket now; needed before a close frame. */
  flush(): void {
    const slab = this.#slab;
    if (slab === undefined) return;
    this.#slab = undefined;
    slab.writers -= 1;
    const socket = this.#socket;
    if (!socket.writable) return;
    socket.write(slab.buffer.subarray(this.#start, this.#end));
    if (!this.#isKernelSocket || socket.writableLength > 0) slab.held = true;
  }

  /** Writes the header; `#end` is then where the payload begins. */
  #begin(payloadBytes: number): Slab {
    const slab = this.#arena.reserve(payloadBytes + MAX_HEADER_BYTES);
    if (this.#slab !== slab || this.#end !== slab.used) this.#beginPiece(slab);
    const { buffer } = slab;
    let at = slab.used;
    buffer[at] = TEXT_FRAME_FIN;
    const maskBit = this.#masked ? 0x80 : 0;
    if (payloadBytes < 126) {
      buffer[at + 1] = maskBit | payloadBytes;
      at += 2;
    } else if (payloadBytes < 65_536) {
      buffer[at + 1] = maskBit | 126;
      buffer[at + 2] = payloadBytes >>> 8;
      buffer[at + 3] = payloadBytes & 0xff;
      at += 4;
    } else {
      buffer[at + 1] = maskBit | 127;
      buffer.writeUInt32BE(0, at + 2);
      buffer.writeUInt32BE(payloadBytes, at + 6);
      at += 10;
    }
    this.#end = this.#masked ? at + 4 : at;
    return slab;
  }

  /** Frames of one piece stand side by side, and leave in one write. */
  #beginPiece(slab: Slab): void {
    if (this.#slab === undefined) process.nextTick(this.#flush);
    else this.flush();
    this.#slab = slab;
    this.#start = slab.used;
    slab.writers += 1;
  }

  #finish(slab: Buffer, payloadAt: number, end: number): void {
    if (this.#masked) this.#mask(slab, payloadAt, end);
    this.#end = end;
    if (this.#slab !== undefined) this.#slab.used = end;
  }

  #mask(slab: Buffer, payloadAt: number, end: number): void {
    const masks = this.#arena.masks;
    const m = this.#arena.nextMask();
    const m0 = masks[m] ?? 0;
    const m1 = masks[m + 1] ?? 0;
    const m2 = masks[m + 2] ?? 0;
    const m3 = masks[m + 3] ?? 0;
    slab[payloadAt - 4] = m0;
    slab[payloadAt - 3] = m1;
    slab[payloadAt - 2] = m2;
    slab[payloadAt - 1] = m3;
    let at = payloadAt;
    for (; at + 4 <= end; at += 4) {
      slab[at] = (slab[at] ?? 0) ^ m0;
      slab[at + 1] = (slab[at + 1] ?? 0) ^ m1;
      slab[at + 2] = (slab[at + 2] ?? 0) ^ m2;
      slab[at + 3] = (slab[at + 3] ?? 0) ^ m3;
    }
    if (at < end) slab[at] = (slab[at] ?? 0) ^ m0;
    if (at + 1 < end) slab[at + 1] = (slab[at + 1] ?? 0) ^ m1;
    if (at + 2 < end) slab[at + 2] = (slab[at + 2] ?? 0) ^ m2;
  }
}
