import { readChatNotice } from "./read-wire.js";
import type { ChatNotice, ChatRequest } from "./wire.js";

const RETRY_MS = 1_000;

type Open = Extract<ChatRequest, { type: "open" }>;

/** Who has the telephone. */
export interface ChatListener {
  notice(notice: ChatNotice): void;
  /** The line is away; it is tried again. */
  lost(): void;
}

/** The telephone's line to WhatsApp; it comes back when it was away. */
export class ChatSocket {
  readonly #listener: ChatListener;
  #socket: WebSocket | undefined;
  #open: Open | undefined;

  constructor(listener: ChatListener) {
    this.#listener = listener;
  }

  /** Opens a chat, now and whenever the line is new. */
  open(request: Open): void {
    this.#open = request;
    if (this.#socket === undefined) this.#connect();
    else this.send(request);
  }

  /** False when there is no line: nothing was sent. */
  send(request: ChatRequest): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(request));
    return true;
  }

  #connect(): void {
    const url = new URL("whatsapp", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      if (this.#open !== undefined) this.send(this.#open);
    });
    socket.addEventListener("message", ({ data }: MessageEvent<string>) =>
      this.#listener.notice(readChatNotice(data)),
    );
    socket.addEventListener("close", () => {
      this.#listener.lost();
      window.setTimeout(() => this.#connect(), RETRY_MS);
    });
  }
}
