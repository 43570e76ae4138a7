import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/** Where a listening service is in its life. */
export type Phase = "starting" | "running" | "shutting_down";

/** The life of one listening service. */
export interface Life {
  phase: Phase;
}

const lives = new WeakMap<Socket, Life>();

/** Ties a connection, and every request on it, to the service that it was made to. */
export function tieToLife(socket: Socket, life: Life): void {
  lives.set(socket, life);
}

/** The phase of the service that received the request; one that nobody ended is running. */
export function phaseOf(req: IncomingMessage): Phase {
  return lives.get(req.socket)?.phase ?? "running";
}
