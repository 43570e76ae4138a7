import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "@easymo/service-kit";
import type { EventFeed } from "./event-feed.js";

/** Proxies and browsers give up on a connection that says nothing. */
const HEARTBEAT_MS = 15_000;
/** A page that does not read is let go; it comes back with its last id. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;

/**
 * The feed as server-sent events. A page that comes back with `Last-Event-ID`
 * gets what it missed, as far as that is kept.
 * (html.spec.whatwg.org/multipage/server-sent-events.html)
 */
export class EventStreams {
  readonly #feed: EventFeed;
  readonly #clock: Clock;
  /** Sequence numbers begin anew with each run of the demo. */
  readonly #run = randomBytes(4).toString("hex");
  readonly #open = new Set<ServerResponse>();

  constructor(feed: EventFeed, clock: Clock) {
    this.#feed = feed;
    this.#clock = clock;
  }

  /** Answers a request with the stream, until either side ends it. */
  serve(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      connection: "keep-alive",
    });
    response.write("retry: 1000\n\n");
    this.#open.add(response);
    let sent = this.#lastSequence(request);
    const send = (entry: { readonly sequence: number }) => {
      if (entry.sequence <= sent) return;
      sent = entry.sequence;
      this.#write(
        response,
        `id: ${this.#run}-${entry.sequence}\ndata: ${JSON.stringify(entry)}\n\n`,
      );
    };
    for (const entry of this.#feed.since(sent)) send(entry);
    const unwatch = this.#feed.watch(send);
    const stopHeart = this.#beat(response);
    response.once("close", () => {
      unwatch();
      stopHeart();
      this.#open.delete(response);
    });
  }

  /** Tells every page something that is no event of the bus. */
  announce(name: string, data: unknown): void {
    for (const response of this.#open) {
      this.#write(
        response,
        `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`,
      );
    }
  }

  /** Ends every stream. */
  close(): void {
    for (const response of this.#open) response.end();
  }

  #write(response: ServerResponse, text: string): void {
    if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
    else response.write(text);
  }

  #beat(response: ServerResponse): () => void {
    const next = () =>
      this.#clock.setTimeout(() => {
        this.#write(response, ": still here\n\n");
        timer = next();
      }, HEARTBEAT_MS);
    let timer = next();
    return () => timer.cancel();
  }

  /** What a page that comes back has seen; nothing of this run, if of another. */
  #lastSequence(request: IncomingMessage): number {
    const [run, sequence] = String(request.headers["last-event-id"]).split("-");
    return run === this.#run && sequence !== undefined ? Number(sequence) : 0;
  }
}
