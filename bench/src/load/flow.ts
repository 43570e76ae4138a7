import { LatencyHistogram, type LatencySummary } from "./latency-histogram.js";
import type { Direction, PayloadHead, PayloadStock } from "./payload.js";

/** What became of the audio that went in one direction. */
export interface FlowReport {
  readonly sent: number;
  readonly received: number;
  /** A byte of it was not as it had been sent. */
  readonly corrupt: number;
  /** It was not the one that comes next in its call. */
  readonly misordered: number;
  readonly latency: LatencySummary;
}

export type FlowTotals = Omit<FlowReport, "latency"> & {
  readonly lost: number;
};

/** One direction of all calls: counts what is sent and checks what arrives. */
export class Flow {
  readonly #direction: Direction;
  readonly #stock: PayloadStock;
  readonly #nextToSend: number[] = [];
  readonly #nextToArrive: number[] = [];
  readonly #latency = new LatencyHistogram();
  readonly #head: PayloadHead = {
    direction: "inbound",
    callIndex: 0,
    sequence: 0,
    ageUs: 0,
  };
  #total = { sent: 0, received: 0, corrupt: 0, misordered: 0 };
  #window = { ...this.#total };

  constructor(direction: Direction, stock: PayloadStock) {
    this.#direction = direction;
    this.#stock = stock;
  }

  get characters(): number {
    return this.#stock.characters;
  }

  /** Whether a call has had anything come through. */
  flows(callIndex: number): boolean {
    return (this.#nextToArrive[callIndex] ?? 0) > 0;
  }

  /** Writes the next piece of a call's audio. */
  write(target: Buffer, at: number, callIndex: number, nowUs: number): void {
    const sequence = this.#nextToSend[callIndex] ?? 0;
    this.#nextToSend[callIndex] = sequence + 1;
    this.#total.sent += 1;
    this.#stock.write(target, at, this.#direction, callIndex, sequence, nowUs);
  }

  /** The call whose audio has arrived, -1 when it can't be told. */
  arrived(message: Buffer, start: number, end: number, nowUs: number): number {
    const head = this.#head;
    const total = this.#total;
    total.received += 1;
    if (
      !this.#stock.read(message, start, end, nowUs, head) ||
      head.direction !== this.#direction
    ) {
      total.corrupt += 1;
      return -1;
    }
    const { callIndex, sequence } = head;
    if (sequence !== (this.#nextToArrive[callIndex] ?? 0))
      total.misordered += 1;
    this.#nextToArrive[callIndex] = sequence + 1;
    this.#latency.record(head.ageUs);
    return callIndex;
  }

  /** Begins a window of its own counts and latencies. */
  beginWindow(): void {
    this.#window = { ...this.#total };
    this.#latency.reset();
  }

  window(): FlowReport {
    const { sent, received, corrupt, misordered } = this.#total;
    return {
      sent: sent - this.#window.sent,
      received: received - this.#window.received,
      corrupt: corrupt - this.#window.corrupt,
      misordered: misordered - this.#window.misordered,
      latency: this.#latency.summary(),
    };
  }

  /** Since the beginning; what has not arrived counts as lost. */
  withLost(): FlowTotals {
    const { sent, received } = this.#total;
    return { ...this.#total, lost: sent - received };
  }
}
