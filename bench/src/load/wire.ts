import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { connect, Socket } from "node:net";
import type { Duplex } from "node:stream";
import {
  controlFrame,
  FrameReader,
  type FrameBuilder,
  type FrameListener,
} from "./websocket-frames.js";

export interface WireListener {
  message(message: Buffer, start: number, end: number): void;
  /** Told once, whoever closed it. */
  closed(): void;
}

/** One WebSocket connection, whichever side opened it. */
export class Wire {
  readonly #socket: Duplex;
  readonly #builder: FrameBuilder;
  readonly #masked: boolean;
  readonly #reader: FrameReader;
  #closing = false;

  constructor(
    socket: Duplex,
    builder: FrameBuilder,
    masked: boolean,
    listener: WireListener,
  ) {
    this.#socket = socket;
    this.#builder = builder;
    this.#masked = masked;
    const frames: FrameListener = {
      message: (message, start, end) => listener.message(message, start, end),
      ping: (payload) => socket.write(controlFrame("pong", payload, masked)),
      closed: () => this.close(),
    };
    this.#reader = new FrameReader(frames);
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.end());
    socket.on("close", () => listener.closed());
  }

  feed(chunk: Buffer): void {
    this.#reader.feed(chunk);
  }

  /** Where frames are built, shared by all wires; `flush` sends them. */
  get frames(): FrameBuilder {
    return this.#builder;
  }

  flush(): void {
    this.#socket.write(this.#builder.take());
  }

  /** One message of ASCII text. */
  send(text: string): void {
    this.#builder.frame(text);
    this.flush();
  }

  /** The closing handshake's half of this side; the other side ends the connection. */
  close(): void {
    if (this.#closing || !this.#socket.writable) return;
    this.#closing = true;
    this.#socket.end(
      controlFrame("close", Buffer.from([0x03, 0xe8]), this.#masked),
    );
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** All sockets read into the same memory: what they read is used up at once. */
const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024);
const HEAD_END = "\r\n\r\n";

export interface ConnectOptions {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly frames: FrameBuilder;
  readonly listener: WireListener;
}

/** Opens a WebSocket as a client. Rejects when the server does not switch protocols. */
export function connectWire(options: ConnectOptions): Promise<Wire> {
  const { promise, resolve, reject } = Promise.withResolvers<Wire>();
  let wire: Wire | undefined;
  let head = Buffer.alloc(0);
  const socket: Socket = connect({
    host: "127.0.0.1",
    port: options.port,
    noDelay: true,
    onread: {
      buffer: READ_BUFFER,
      callback: (bytes) => {
        const chunk = READ_BUFFER.subarray(0, bytes);
        if (wire === undefined) shakeHands(chunk);
        else wire.feed(chunk);
        return true;
      },
    },
  });
  const shakeHands = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf(HEAD_END);
    if (end === -1) return;
    const answer = head.toString("latin1", 0, end);
    if (!answer.startsWith("HTTP/1.1 101 ")) {
      socket.destroy();
      reject(new Error(`no WebSocket: ${answer.split("\r\n", 1)[0] ?? ""}`));
      return;
    }
    wire = new Wire(socket, options.frames, true, options.listener);
    resolve(wire);
    wire.feed(head.subarray(end + HEAD_END.length));
  };
  socket.once("error", reject);
  socket.once("close", () => reject(new Error("the connection was closed")));
  // Without it nobody would see the end of what is read.
  socket.resume();
  socket.write(
    [
      `GET ${options.path} HTTP/1.1`,
      `Host: 127.0.0.1:${options.port}`,
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
      "Sec-WebSocket-Version: 13",
      ...Object.entries(options.headers).map(
        ([key, value]) => `${key}: ${value}`,
      ),
    ].join("\r\n") + HEAD_END,
  );
  return promise;
}

/** RFC 6455 §1.3. */
const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Accepts a WebSocket on a server's `upgrade` event. */
export function acceptWire(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  frames: FrameBuilder,
  listener: WireListener,
): Wire {
  const own = withSharedReads(socket, (chunk) => wire.feed(chunk));
  const accept = createHash("sha1")
    .update(`${request.headers["sec-websocket-key"] ?? ""}${ACCEPT_GUID}`)
    .digest("base64");
  const protocol = request.headers["sec-websocket-protocol"]?.split(",")[0];
  own.write(
    [
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Accept: ${accept}`,
      ...(protocol === undefined
        ? []
        : [`Sec-WebSocket-Protocol: ${protocol}`]),
    ].join("\r\n") + HEAD_END,
  );
  const wire = new Wire(own, frames, false, listener);
  if (head.length > 0) wire.feed(Buffer.from(head));
  return wire;
}

/**
 * An accepted connection made anew as one that reads into the shared memory: a
 * server's own have no `onread`, and each read then costs the generator more
 * than checking what was read. Its handle is what Node itself makes sockets of.
 */
function withSharedReads(
  accepted: Duplex,
  feed: (chunk: Buffer) => void,
): Socket {
  const handle: unknown = Reflect.get(accepted, "_handle");
  const own: unknown = Reflect.construct(Socket, [
    {
      handle,
      allowHalfOpen: true,
      onread: {
        buffer: READ_BUFFER,
        callback: (bytes: number) => {
          feed(READ_BUFFER.subarray(0, bytes));
          return true;
        },
      },
    },
  ]);
  if (!(own instanceof Socket)) throw new Error("no socket came of it");
  Reflect.set(accepted, "_handle", null);
  // The server counts the one that it accepted.
  own.once("close", () => accepted.destroy());
  accepted.once("close", () => own.destroy());
  // Without it nobody would see the end of what is read.
  own.resume();
  return own;
}
