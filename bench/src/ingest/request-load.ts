import { LatencyHistogram } from "../load/latency-histogram.js";
import { Pacer } from "../load/pacer.js";
import { CallEvents } from "./call-events.js";
import { Connection } from "./connection.js";
import type { RequestReport } from "./protocol.js";

const MICROSECONDS = 1_000;

/** Clients that send call events: each as fast as it is answered, or all together at a rate. */
export class RequestLoad {
  readonly #events = new CallEvents();
  readonly #latency = new LatencyHistogram();
  readonly #connections: Connection[] = [];
  #pacer: Pacer | undefined;
  #stopping = false;
  #accepted = 0;
  #refused = 0;
  #awaited = Number.POSITIVE_INFINITY;
  #whenAnswered: (() => void) | undefined;
  #windowMs = 0;
  #acceptedBefore = 0;
  #refusedBefore = 0;

  async start(options: {
    port: number;
    connections: number;
    perSecond: number;
  }): Promise<void> {
    const { port, connections, perSecond } = options;
    const isClosed = perSecond === 0;
    while (this.#connections.length < connections) {
      const connection: Connection = await Connection.open(
        port,
        () => this.#events.next(),
        {
          answered: (accepted, dueUs) => {
            this.#answered(accepted, dueUs);
            if (isClosed && !this.#stopping) connection.send(nowUs());
          },
        },
      );
      this.#connections.push(connection);
    }
    if (isClosed) {
      for (const connection of this.#connections) connection.send(nowUs());
      return;
    }
    this.#pacer = new Pacer({
      tickers: this.#connections.map(
        (connection) => (dueUs) => connection.send(dueUs),
      ),
      periodUs: (connections / perSecond) * 1_000_000,
      pacing: "tick",
      nowUs,
    });
    this.#pacer.start();
  }

  /** Resolves when so many requests have been answered in all. */
  answeredRequests(count: number): Promise<void> {
    this.#awaited = count;
    return new Promise((resolve) => (this.#whenAnswered = resolve));
  }

  beginWindow(): void {
    this.#latency.reset();
    this.#acceptedBefore = this.#accepted;
    this.#refusedBefore = this.#refused;
    this.#windowMs = performance.now();
  }

  endWindow(): RequestReport {
    return {
      durationMs: performance.now() - this.#windowMs,
      accepted: this.#accepted - this.#acceptedBefore,
      refused: this.#refused - this.#refusedBefore,
      latency: this.#latency.summary(),
    };
  }

  /** Ends when everything is answered; how much there was, in all. */
  async stop(): Promise<{ accepted: number; refused: number }> {
    this.#stopping = true;
    this.#pacer?.stop();
    await Promise.all(this.#connections.map((connection) => connection.end()));
    return { accepted: this.#accepted, refused: this.#refused };
  }

  #answered(accepted: boolean, dueUs: number): void {
    if (accepted) this.#accepted += 1;
    else this.#refused += 1;
    this.#latency.record(nowUs() - dueUs);
    if (this.#accepted + this.#refused >= this.#awaited) {
      this.#awaited = Number.POSITIVE_INFINITY;
      this.#whenAnswered?.();
    }
  }
}

function nowUs(): number {
  return performance.now() * MICROSECONDS;
}
