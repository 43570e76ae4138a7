import { LatencyHistogram } from "../load/latency-histogram.js";
import { Pacer } from "../load/pacer.js";
import { CallEvents } from "./call-events.js";
import { Connection } from "./connection.js";
import type { RequestReport, RequestTotals } from "./protocol.js";

const MICROSECONDS = 1_000;

/** Clients that send call events: each as fast as it is answered, or all together at a rate. They may stop, and go on. */
export class RequestLoad {
  readonly #events = new CallEvents();
  readonly #latency = new LatencyHistogram();
  readonly #connections: Connection[] = [];
  #pacer: Pacer | undefined;
  /** Each connection sends its next when the last is answered. */
  #isClosedLoop = false;
  #accepted = 0;
  #refused = 0;
  #awaited = Number.POSITIVE_INFINITY;
  #whenAnswered: (() => void) | undefined;
  #ranFrom: RequestTotals = { accepted: 0, refused: 0 };
  #windowFrom: RequestTotals = { accepted: 0, refused: 0 };
  #windowMs = 0;

  async connect(options: { port: number; connections: number }): Promise<void> {
    const { port, connections } = options;
    while (this.#connections.length < connections) {
      const connection: Connection = await Connection.open(
        port,
        () => this.#events.next(),
        {
          answered: (accepted, dueUs) => {
            this.#answered(accepted, dueUs);
            if (this.#isClosedLoop) connection.send(nowUs());
          },
        },
      );
      this.#connections.push(connection);
    }
  }

  /** @param perSecond how many requests, evenly over the connections; 0: as many as are answered */
  run(perSecond: number): void {
    this.#ranFrom = this.#totals();
    this.#isClosedLoop = perSecond === 0;
    if (this.#isClosedLoop) {
      for (const connection of this.#connections) connection.send(nowUs());
      return;
    }
    this.#pacer = new Pacer({
      tickers: this.#connections.map(
        (connection) => (dueUs) => connection.send(dueUs),
      ),
      periodUs: (this.#connections.length / perSecond) * 1_000_000,
      pacing: "tick",
      nowUs,
    });
    this.#pacer.start();
  }

  /** Resolves when so many more requests have been answered. */
  answeredRequests(count: number): Promise<void> {
    this.#awaited = this.#accepted + this.#refused + count;
    return new Promise((resolve) => (this.#whenAnswered = resolve));
  }

  beginWindow(): void {
    this.#latency.reset();
    this.#windowFrom = this.#totals();
    this.#windowMs = performance.now();
  }

  endWindow(): RequestReport {
    return {
      durationMs: performance.now() - this.#windowMs,
      ...this.#since(this.#windowFrom),
      latency: this.#latency.summary(),
    };
  }

  /** Sends nothing more; resolves when everything is answered, with how much that was since it ran. */
  async pause(): Promise<RequestTotals> {
    this.#isClosedLoop = false;
    this.#pacer?.stop();
    await Promise.all(this.#connections.map((connection) => connection.idle()));
    return this.#since(this.#ranFrom);
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  #totals(): RequestTotals {
    return { accepted: this.#accepted, refused: this.#refused };
  }

  #since(before: RequestTotals): RequestTotals {
    return {
      accepted: this.#accepted - before.accepted,
      refused: this.#refused - before.refused,
    };
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
