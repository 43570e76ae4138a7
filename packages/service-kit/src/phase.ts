import type { IncomingMessage } from "node:http";

/** Where a listening service is in its life. */
export type Phase = "starting" | "running" | "shutting_down";

/** The life of one listening service. */
export interface Life {
  phase: Phase;
}

const lives = new WeakMap<IncomingMessage, Life>();

/** Ties a request to the service that received it. */
export function tieToLife(req: IncomingMessage, life: Life): void {
  lives.set(req, life);
}

/** The phase of the service that received the request; one that nobody ended is running. */
export function phaseOf(req: IncomingMessage): Phase {
  return lives.get(req)?.phase ?? "running";
}
