import { randomFillSync } from "node:crypto";
import type { Duplex } from "node:stream";

const SLAB_BYTES = 64 * 1024;
const MASK_POOL_BYTES = 4 * 1024;
const TEXT_FRAME_FIN = 0x81;

/**
 * Memory from which the frames of all calls are cut. A slab is never written
 * twice: the kernel may still hold what was cut from it.
 */
export class FrameArena {
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #used = 0;
  readonly #masks = Buffer.allocUnsafeSlow(MASK_POOL_BYTES);
  #masksUsed = MASK_POOL_BYTES;

  /** Makes room for `bytes` in one piece; `slab` and `used` then say where. */
  reserve(bytes: number): void {
    if (this.#used + bytes <= this.#slab.length) return;
    this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, bytes));
    this.#used = 0;
  }

  get slab(): Buffer {
    return this.#slab;
  }

  get used(): number {
    return this.#used;
  }

  advanceTo(offset: number): void {
    this.#used = offset;
  }

  /** Where in `masks` four fresh random bytes stand. */
  nextMask(): number {
    if (this.#masksUsed === MASK_POOL_BYTES) {
      randomFillSync(this.#masks);
      this.#masksUsed = 0;
    }
    const at = this.#masksUsed;
    this.#masksUsed += 4;
    return at;
  }

  get masks(): Buffer {
    return this.#masks;
  }
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
  #slab: Buffer | undefined;
  #start = 0;
  #end = 0;
  readonly #flush = (): void => {
    this.flush();
  };

  /** `masked` for the client's side of a connection (RFC 6455 §5.3). */
  constructor(socket: Duplex, arena: FrameArena, masked: boolean) {
    this.#socket = socket;
    this.#arena = arena;
    this.#masked = masked;
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
    const slab = this.#begin(payloadBytes);
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
    const slab = this.#begin(payloadBytes);
    const payloadAt = this.#end;
    slab.write(text, payloadAt);
    this.#finish(slab, payloadAt, payloadAt + payloadBytes);
  }

  /** One text frame holding `text`, whose characters are all ASCII. */
  writeAscii(text: string): void {
    const slab = this.#begin(text.length);
    const payloadAt = this.#end;
    slab.write(text, payloadAt, "latin1");
    this.#finish(slab, payloadAt, payloadAt + text.length);
  }

  /** Gives what is pending to the socket now; needed before a close frame. */
  flush(): void {
    const slab = this.#slab;
    if (slab === undefined) return;
    this.#slab = undefined;
    if (this.#socket.writable)
      this.#socket.write(slab.subarray(this.#start, this.#end));
  }

  /** Writes the header; `#end` is then where the payload begins. */
  #begin(payloadBytes: number): Buffer {
    const arena = this.#arena;
    arena.reserve(payloadBytes + 14);
    const slab = arena.slab;
    let at = arena.used;
    if (this.#slab !== slab || this.#end !== at) {
      if (this.#slab === undefined) process.nextTick(this.#flush);
      else this.flush();
      this.#slab = slab;
      this.#start = at;
    }
    slab[at] = TEXT_FRAME_FIN;
    const maskBit = this.#masked ? 0x80 : 0;
    if (payloadBytes < 126) {
      slab[at + 1] = maskBit | payloadBytes;
      at += 2;
    } else if (payloadBytes < 65_536) {
      slab[at + 1] = maskBit | 126;
      slab[at + 2] = payloadBytes >>> 8;
      slab[at + 3] = payloadBytes & 0xff;
      at += 4;
    } else {
      slab[at + 1] = maskBit | 127;
      slab.writeUInt32BE(0, at + 2);
      slab.writeUInt32BE(payloadBytes, at + 6);
      at += 10;
    }
    if (this.#masked) at += 4;
    this.#end = at;
    return slab;
  }

  #finish(slab: Buffer, payloadAt: number, end: number): void {
    if (this.#masked) this.#mask(slab, payloadAt, end);
    this.#end = end;
    this.#arena.advanceTo(end);
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
