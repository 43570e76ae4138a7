import { LatencyHistogram, type LatencySummary } from "./latency-histogram.js";

export type Pacing = "spread" | "tick";

/**
 * Gives each of its tickers its turn once per period, evenly over the period.
 *
 * `spread` polls, and gives each turn at its own moment, as independent callers
 * would; `tick` wakes once a millisecond and gives all turns that have come due,
 * as a carrier's media server with a millisecond timer would.
 */
export class Pacer {
  readonly #tickers: readonly ((nowUs: number) => void)[];
  readonly #periodUs: number;
  readonly #pacing: Pacing;
  readonly #nowUs: () => number;
  readonly #lateness = new LatencyHistogram();
  #running = false;
  #startUs = 0;
  #done = 0;

  constructor(options: {
    tickers: readonly ((nowUs: number) => void)[];
    periodUs: number;
    pacing: Pacing;
    nowUs: () => number;
  }) {
    this.#tickers = options.tickers;
    this.#periodUs = options.periodUs;
    this.#pacing = options.pacing;
    this.#nowUs = options.nowUs;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#startUs = this.#nowUs();
    this.#loop();
  }

  stop(): void {
    this.#running = false;
  }

  beginWindow(): void {
    this.#lateness.reset();
  }

  /** How late turns were given. */
  lateness(): LatencySummary {
    return this.#lateness.summary();
  }

  readonly #loop = (): void => {
    if (!this.#running) return;
    const isBehind = this.#advance();
    if (isBehind || this.#pacing === "spread") setImmediate(this.#loop);
    else setTimeout(this.#loop, 1);
  };

  /**
   * Gives the turns that have come due, at most one period's: after a standstill of the process, what has come in is read
   * before the next ones, as it would have been. True when there are more.
   */
  #advance(): boolean {
    const tickers = this.#tickers;
    const slotUs = this.#periodUs / tickers.length;
    let nowUs = this.#nowUs();
    const due = Math.floor((nowUs - this.#startUs) / slotUs);
    const last = Math.min(due, this.#done + tickers.length);
    while (this.#done < last) {
      this.#lateness.record(nowUs - this.#startUs - (this.#done + 1) * slotUs);
      tickers[this.#done % tickers.length]?.(nowUs);
      this.#done += 1;
      nowUs = this.#nowUs();
    }
    return this.#done < due;
  }
}
