import { parseFields } from "./fields.js";
import { readEntry, readRinging } from "./read-wire.js";
import type { FeedEntry, Ringing } from "./wire.js";

const RETRY_MS = 1000;

/** Who follows the demo's events. */
export interface FeedListener {
  entry(entry: FeedEntry): void;
  ringing(ringing: Ringing): void;
  /** It no longer rings: somebody answered it, or nobody did. */
  rung(ringing: Ringing): void;
  /** The orchestrator has written something. */
  conversations(): void;
  live(live: boolean): void;
}

/** Follows the demo's events, and comes back when it was away. */
export function followFeed(listener: FeedListener): void {
  const source = new EventSource("api/events");
  source.addEventListener("open", () => listener.live(true));
  source.addEventListener("error", () => {
    listener.live(false);
    // A refusal, as while the demo starts, is final to an EventSource.
    if (source.readyState !== EventSource.CLOSED) return;
    window.setTimeout(() => followFeed(listener), RETRY_MS);
  });
  source.addEventListener("message", (event: MessageEvent<string>) =>
    listener.entry(readEntry(event.data)),
  );
  source.addEventListener("ringing", (event: MessageEvent<string>) =>
    listener.ringing(readRinging(parseFields(event.data))),
  );
  source.addEventListener("conversations", () => listener.conversations());
  source.addEventListener("rung", (event: MessageEvent<string>) =>
    listener.rung(readRinging(parseFields(event.data))),
  );
}
