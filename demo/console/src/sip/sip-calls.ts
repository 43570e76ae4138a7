import type { SipEvent, SipEventKind } from "./wire.js";

/** Every event of a call, in the order in which they come. */
export const sipEventKinds: readonly SipEventKind[] = [
  "ringing",
  "connected",
  "audio",
  "dtmf",
  "ended",
];

/** Whose call it is. */
export interface SipCall {
  readonly callId: string;
  readonly from: string;
  readonly to: string;
  readonly digit: string;
}

/** One event of a call, with a key of its own. Pure. */
export function sipEvent(
  call: SipCall,
  event: SipEventKind,
  about: { readonly key: string; readonly atMs: number },
): SipEvent {
  const { callId, from, to, digit } = call;
  return {
    callId,
    event,
    timestamp: new Date(about.atMs).toISOString(),
    from,
    to,
    payload: payloadOf(event, digit),
    idempotencyKey: about.key,
  };
}

/** The same key, but not the same event. Pure. */
export function otherBody(event: SipEvent): SipEvent {
  return { ...event, payload: { changed: "yes" } };
}

function payloadOf(
  event: SipEventKind,
  digit: string,
): Readonly<Record<string, string>> | undefined {
  switch (event) {
    case "dtmf":
      return { digit };
    case "audio":
      return { codec: "PCMU" };
    case "ended":
      return { reason: "caller_hangup" };
    default:
      return undefined;
  }
}
