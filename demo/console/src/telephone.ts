import { readNotice } from "./read-wire.js";
import type { AudioSource, PhoneNotice, PhoneRequest } from "./wire.js";

const AGENT: AudioSource = 0;

/** What comes out of a telephone. */
export interface TelephoneListener {
  notice(notice: PhoneNotice): void;
  agentAudio(mulaw: Uint8Array): void;
  callerAudio(mulaw: Uint8Array): void;
  /** The line is dead, whoever ended it. */
  released(): void;
}

/** One socket, one call. */
export class Telephone {
  readonly #socket: WebSocket;

  constructor(first: PhoneRequest, listener: TelephoneListener) {
    const url = new URL("phone", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    this.#socket = new WebSocket(url);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.addEventListener("open", () => this.send(first));
    this.#socket.addEventListener("close", () => listener.released());
    this.#socket.addEventListener(
      "message",
      ({ data }: MessageEvent<string | ArrayBuffer>) => {
        if (typeof data === "string") listener.notice(readNotice(data));
        else deliver(new Uint8Array(data), listener);
      },
    );
  }

  send(request: PhoneRequest): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify(request));
  }

  /** Sound of the microphone, μ-law at 8 kHz. */
  sendAudio(mulaw: Uint8Array<ArrayBuffer>): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(mulaw);
  }
}

function deliver(message: Uint8Array, listener: TelephoneListener): void {
  const mulaw = message.subarray(1);
  if (message[0] === AGENT) listener.agentAudio(mulaw);
  else listener.callerAudio(mulaw);
}
