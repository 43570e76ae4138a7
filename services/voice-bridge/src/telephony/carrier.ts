/** A port: what is asked of the carrier outside of a call's audio. */
export interface Carrier {
  /** Rejects with CarrierError. Resolves when the carrier is ringing. */
  dial(request: DialRequest): Promise<{ callId: string }>;
  /** Ends a call that has no stream yet. Rejects with CarrierError. */
  hangUp(callId: string): Promise<void>;
}

export interface DialRequest {
  readonly from: string;
  readonly to: string;
  readonly agent: string;
}

export class CarrierError extends Error {
  /** The carrier refused the request itself: asking again is of no use. */
  readonly refused: boolean;

  constructor(message: string, refused: boolean, options?: ErrorOptions) {
    super(message, options);
    this.name = "CarrierError";
    this.refused = refused;
  }
}
