/** What one window of a call's audio came to. */
export interface MediaWindow {
  readonly inbound: { readonly frames: number; readonly bytes: number };
  readonly outbound: {
    readonly frames: number;
    readonly bytes: number;
    readonly heardMs: number;
  };
}

/** Plain numbers that the hot path adds to; read now and then. */
export class MediaCounters {
  inboundFrames = 0;
  inboundBytes = 0;
  outboundFrames = 0;
  outboundBytes = 0;
  malformedFrames = 0;
  #seenFrames = 0;
  #reported = { inbound: 0, outbound: 0 };
  #window = {
    inboundFrames: 0,
    inboundBytes: 0,
    outboundFrames: 0,
    outboundBytes: 0,
    heardBytes: 0,
  };

  /** Whether the caller's side has sent anything since it was last asked. */
  takeActivity(): boolean {
    const frames = this.inboundFrames + this.malformedFrames;
    const active = frames !== this.#seenFrames;
    this.#seenFrames = frames;
    return active;
  }

  report(
    count: (direction: "inbound" | "outbound", frames: number) => void,
  ): void {
    const reported = this.#reported;
    if (this.inboundFrames > reported.inbound)
      count("inbound", this.inboundFrames - reported.inbound);
    if (this.outboundFrames > reported.outbound)
      count("outbound", this.outboundFrames - reported.outbound);
    reported.inbound = this.inboundFrames;
    reported.outbound = this.outboundFrames;
  }

  takeWindow(heardBytes: number): MediaWindow {
    const last = this.#window;
    this.#window = {
      inboundFrames: this.inboundFrames,
      inboundBytes: this.inboundBytes,
      outboundFrames: this.outboundFrames,
      outboundBytes: this.outboundBytes,
      heardBytes,
    };
    return {
      inbound: {
        frames: this.inboundFrames - last.inboundFrames,
        bytes: this.inboundBytes - last.inboundBytes,
      },
      outbound: {
        frames: this.outboundFrames - last.outboundFrames,
        bytes: this.outboundBytes - last.outboundBytes,
        heardMs: Math.round((heardBytes - last.heardBytes) / 8),
      },
    };
  }
}
