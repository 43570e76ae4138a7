import { parseFields } from "./fields.js";
import { readEntry, readRinging } from "./read-wire.js";
import type { FeedEntry, Ringing } from "./wire.js";

/** Follows the demo's events; the browser comes back by itself. */
export function followFeed(listener: {
  entry(entry: FeedEntry): void;
  ringing(ringing: Ringing): void;
  /** It no longer rings: somebody answered it, or nobody did. */
  rung(ringing: Ringing): void;
  live(live: boolean): void;
}): void {
  const source = new EventSource("api/events");
  source.addEventListener("open", () => listener.live(true));
  source.addEventListener("error", () => listener.live(false));
  source.addEventListener("message", (event: MessageEvent<string>) =>
    listener.entry(readEntry(event.data)),
  );
  source.addEventListener("ringing", (event: MessageEvent<string>) =>
    listener.ringing(readRinging(parseFields(event.data))),
  );
  source.addEventListener("rung", (event: MessageEvent<string>) =>
    listener.rung(readRinging(parseFields(event.data))),
  );
}
