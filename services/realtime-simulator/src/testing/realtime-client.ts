import { WebSocket } from "ws";
import type {
  ReceivedEvent,
  ServerEventType,
} from "../protocol/server-events.js";

type AnyEvent = ReceivedEvent<ServerEventType>;

/** A client of the protocol over a real WebSocket, which remembers everything that it received. */
export class RealtimeClient {
  /** Every event so far. */
  readonly events: AnyEvent[] = [];
  /** Messages that were no events. */
  readonly garbage: string[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #socket: WebSocket;
  readonly #waiting = new Set<() => void>();
  /** Events before this one have been waited for. */
  #seen = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) =>
        resolve({ code, reason: reason.toString() }),
      );
    });
    socket.on("message", (data: Buffer) => this.#receive(data.toString()));
  }

  /** Connects; rejects with the status when the upgrade is refused. */
  static open(
    url: string,
    headers: Readonly<Record<string, string>>,
    protocols: readonly string[] = [],
  ): Promise<RealtimeClient> {
    const socket = new WebSocket(url, [...protocols], { headers });
    const client = new RealtimeClient(socket);
    return new Promise((resolve, reject) => {
      socket.once("open", () => resolve(client));
      socket.on("error", reject);
    });
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  send(event: object): void {
    this.sendText(JSON.stringify(event));
  }

  sendText(text: string | Buffer): void {
    this.#socket.send(text);
  }

  /** Sends audio as a telephone does, without waiting for time to pass. */
  sendAudio(mulaw: Buffer, chunkBytes = 160): void {
    for (let at = 0; at < mulaw.length; at += chunkBytes) {
      const audio = mulaw.subarray(at, at + chunkBytes).toString("base64");
      this.send({ type: "input_audio_buffer.append", audio });
    }
  }

  /** The next event of that type, after those that were waited for before. */
  async next<T extends ServerEventType>(type: T): Promise<ReceivedEvent<T>> {
    for (;;) {
      for (let at = this.#seen; at < this.events.length; at++) {
        const event = this.events[at];
        if (event && isOfType(event, type)) {
          this.#seen = at + 1;
          return event;
        }
      }
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** The event of that type which was or will be the `count`th, from 1: for what comes in no order. */
  async nth<T extends ServerEventType>(
    type: T,
    count: number,
  ): Promise<ReceivedEvent<T>> {
    for (;;) {
      const event = this.all(type)[count - 1];
      if (event !== undefined) return event;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** The types of all events so far, or of those from the last one of a type on. */
  types(from?: ServerEventType): string[] {
    const types = this.events.map((event) => event.type);
    return from === undefined ? types : types.slice(types.lastIndexOf(from));
  }

  /** All events of a type so far. */
  all<T extends ServerEventType>(type: T): ReceivedEvent<T>[] {
    return this.events.flatMap((event) =>
      isOfType(event, type) ? [event] : [],
    );
  }

  /** Resolves once the server has taken in everything that was sent before. */
  async settled(): Promise<void> {
    const event_id = `probe_${this.events.length}_${this.#seen}`;
    this.send({
      type: "response.cancel",
      event_id,
      response_id: "no_such_one",
    });
    for (;;) {
      const { error } = await this.next("error");
      if (error.event_id === event_id) {
        return;
      }
    }
  }

  close(): void {
    this.#socket.close();
  }

  terminate(): void {
    this.#socket.terminate();
  }

  #receive(text: string): void {
    try {
      const event: unknown = JSON.parse(text);
      if (isEvent(event)) {
        this.events.push(event);
      }
    } catch {
      this.garbage.push(text);
    }
    for (const wake of this.#waiting) {
      wake();
    }
    this.#waiting.clear();
  }
}

function isEvent(value: unknown): value is AnyEvent {
  return typeof value === "object" && value !== null && "type" in value;
}

function isOfType<T extends ServerEventType>(
  event: { readonly type: string },
  type: T,
): event is ReceivedEvent<T> {
  return event.type === type;
}
