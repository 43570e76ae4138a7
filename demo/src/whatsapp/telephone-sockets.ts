import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import type { ChatNotice } from "../../console/src/whatsapp/wire.js";
import { readChatRequest } from "./requests.js";
import { type TelephoneOptions, WhatsAppTelephone } from "./telephone.js";

const MAX_MESSAGE_BYTES = 64 * 1024;

/** The WhatsApp telephones of every page that is open: one socket each. */
export class WhatsAppSockets {
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  readonly #options: Omit<TelephoneOptions, "handset">;

  constructor(options: Omit<TelephoneOptions, "handset">) {
    this.#options = options;
  }

  /** Takes an upgrade that was found to be the console's own. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) =>
      this.#serve(webSocket),
    );
  }

  /** Switches every telephone off. */
  close(): void {
    for (const socket of this.#server.clients) socket.close(1001);
  }

  #serve(socket: WebSocket): void {
    const handset = {
      notify: (notice: ChatNotice) => socket.send(JSON.stringify(notice)),
    };
    const telephone = new WhatsAppTelephone({ ...this.#options, handset });
    socket.on("message", (data: Buffer) => {
      const request = readChatRequest(data.toString("utf8"));
      if (typeof request === "string")
        handset.notify({ type: "problem", message: request });
      else telephone.handle(request);
    });
    socket.on("close", () => telephone.abandon());
    // A broken socket closes; there is nobody to tell.
    socket.on("error", () => undefined);
  }
}
