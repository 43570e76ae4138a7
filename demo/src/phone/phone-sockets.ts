import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { CarrierSimulator } from "@easymo/carrier-simulator";
import { type WebSocket, WebSocketServer } from "ws";
import type { AudioSource, PhoneNotice } from "../../console/src/wire.js";
import { type Handset, Phone } from "./phone.js";
import { readPhoneRequest } from "./requests.js";
import type { SyntheticCaller } from "./synthetic-caller.js";

const MAX_MESSAGE_BYTES = 64 * 1024;
/** A page that does not play what it gets loses sound rather than fill memory. */
const MAX_UNSENT_BYTES = 1024 * 1024;

/** The telephones of every page that is open: one socket, one call. */
export class PhoneSockets {
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  readonly #carrier: CarrierSimulator;
  readonly #caller: SyntheticCaller;

  constructor(options: { carrier: CarrierSimulator; caller: SyntheticCaller }) {
    this.#carrier = options.carrier;
    this.#caller = options.caller;
  }

  /** Takes an upgrade that was found to be the console's own. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) =>
      this.#serve(webSocket),
    );
  }

  /** Hangs up every telephone. */
  close(): void {
    for (const socket of this.#server.clients) socket.close(1001);
  }

  #serve(socket: WebSocket): void {
    const handset = new SocketHandset(socket);
    const phone = new Phone({
      carrier: this.#carrier,
      caller: this.#caller,
      handset,
    });
    socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) {
        phone.hear(data);
        return;
      }
      const request = readPhoneRequest(data.toString("utf8"));
      if (typeof request === "string") {
        handset.notify({ type: "problem", message: request });
      } else {
        phone.handle(request);
      }
    });
    socket.on("close", () => phone.abandon());
    // A broken socket closes; there is nobody to tell.
    socket.on("error", () => undefined);
  }
}

class SocketHandset implements Handset {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  notify(notice: PhoneNotice): void {
    this.#socket.send(JSON.stringify(notice));
  }

  play(source: AudioSource, mulaw: Buffer): void {
    if (this.#socket.bufferedAmount > MAX_UNSENT_BYTES) return;
    this.#socket.send(Buffer.concat([Buffer.of(source), mulaw]));
  }

  release(): void {
    this.#socket.close(1000);
  }
}
