/** What the page and the demo's server say to each other about SIP events. */

/** A SIP address that answers, and whose it is. */
export interface SipLine {
  readonly address: string;
  readonly tenant: string;
  readonly agent: string;
}

export type SipEventKind = "ringing" | "connected" | "audio" | "dtmf" | "ended";

/** An event as `POST /sip/events` takes it. */
export interface SipEvent {
  readonly callId: string;
  readonly event: SipEventKind;
  readonly timestamp: string;
  readonly from: string;
  readonly to: string;
  readonly payload?: Readonly<Record<string, string>> | undefined;
  readonly idempotencyKey: string;
}

/** What is to be sent, and with whose token. */
export interface SipOrder {
  readonly tenant: string;
  readonly token: "own" | "wrong";
  readonly body: SipEvent | readonly SipEvent[];
}

/** sip-ingress's own answer. */
export interface SipAnswer {
  readonly status: number;
  /** `Idempotency-Replayed` was there. */
  readonly replayed: boolean;
  readonly retryAfter: string;
  readonly body: string;
}
