import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** What one read may bring: Node asks the kernel for as much. */
export const READ_BYTES = 64 * 1024;

/** `chunk` is only valid during the call: the next read of any connection stands in its place. */
type ChunkListener = (chunk: Buffer) => void;

/**
 * What a connection reads, into memory that all connections share.
 *
 * Otherwise Node allocates 64 KiB for each read, copies what came out of it
 * into memory of its own and makes a buffer of that: for a frame of 20 ms that
 * is more work than everything else in JavaScript. Whoever does not ask by
 * `listen` gets copies as `data` events, as from any connection.
 */
export class ConnectionReads {
  /** The option of Node's `connect` functions for a connection that reads so. */
  readonly onread: {
    readonly buffer: Uint8Array;
    readonly callback: (bytes: number) => boolean;
  };
  #connection: Socket | undefined;
  #listener: ChunkListener | undefined;

  constructor(memory: Buffer) {
    this.onread = {
      buffer: memory,
      callback: (bytes) => {
        this.#read(memory.subarray(0, bytes));
        return true;
      },
    };
  }

  /** From now on `listener` gets what is read. */
  listen(listener: ChunkListener): void {
    this.#listener = listener;
  }

  /** Whose reads these are; it was made with `onread`. */
  of(connection: Socket): void {
    this.#connection = connection;
  }

  /**
   * The same connection as one that reads so; `connection` itself where that
   * can't be had. Nothing may have been read of it that was not handed on.
   *
   * A server's connections know no `onread`, so this takes the handle that Node
   * keeps in `_handle` and makes a socket with it, as Node does itself.
   */
  adopt(connection: Duplex): Duplex {
    if (!(connection instanceof Socket) || connection.readableLength > 0)
      return connection;
    const handle: unknown = Reflect.get(connection, "_handle");
    if (!isReadable(handle)) return connection;
    const adopted: unknown = Reflect.construct(Socket, [
      { handle, allowHalfOpen: true, onread: this.onread },
    ]);
    if (!(adopted instanceof Socket)) return connection;
    Reflect.set(connection, "_handle", null);
    // Each ends with the other: the server counts the one, and we use the other.
    adopted.once("close", () => connection.destroy());
    connection.once("close", () => adopted.destroy());
    this.#connection = adopted;
    return adopted;
  }

  #read(chunk: Buffer): void {
    const connection = this.#connection;
    // What waits to be taken out of the stream goes first.
    if (this.#listener !== undefined && connection?.readableLength === 0)
      this.#listener(chunk);
    else connection?.push(Buffer.from(chunk));
  }
}

/** Whether it is what Node's own sockets read from. */
function isReadable(handle: unknown): handle is object {
  return (
    typeof handle === "object" &&
    handle !== null &&
    "readStart" in handle &&
    "useUserBuffer" in handle
  );
}
