import type { ServerEvent } from "../protocol/server-events.js";

/** What of an item had been played when its playback was cut off. */
export interface CutPlayback {
  readonly responseId: string;
  readonly itemId: string;
  readonly contentIndex: number;
  readonly playedMs: number;
}

/** The telephone line that a session speaks on by itself; a session on a WebSocket alone has none. */
export interface Line {
  /** Sees every event of the session; false: it is for the line, and no client is sent it. */
  passes(event: ServerEvent): boolean;
  /** Stops playing; undefined when nothing was. */
  cut(): CutPlayback | undefined;
}
