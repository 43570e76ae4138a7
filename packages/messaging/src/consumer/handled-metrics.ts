import type { BusMetrics } from "../metrics.js";
import type { Settled } from "./taken-event.js";

const SECOND_MS = 1_000;

/** What became of events, counted and timed; each topic's series are looked up once. */
export class HandledMetrics {
  readonly #metrics: Pick<BusMetrics, "handled" | "handleSeconds">;
  readonly #counters = new Map<string, { inc(): void }>();
  readonly #histograms = new Map<string, { observe(seconds: number): void }>();

  constructor(metrics: Pick<BusMetrics, "handled" | "handleSeconds">) {
    this.#metrics = metrics;
  }

  settled(topic: string, outcome: Settled, tookMs: number): void {
    this.#counterOf(topic, outcome).inc();
    this.#histogramOf(topic).observe(tookMs / SECOND_MS);
  }

  /** A record that went to the dead letters without being handed over. */
  unread(topic: string): void {
    this.#counterOf(topic, "dead_letter").inc();
  }

  #counterOf(topic: string, outcome: Settled): { inc(): void } {
    const name = `${topic}\n${outcome}`;
    const known = this.#counters.get(name);
    if (known !== undefined) return known;
    const made = this.#metrics.handled.labels({ topic, outcome });
    this.#counters.set(name, made);
    return made;
  }

  #histogramOf(topic: string): { observe(seconds: number): void } {
    const known = this.#histograms.get(topic);
    if (known !== undefined) return known;
    const made = this.#metrics.handleSeconds.labels({ topic });
    this.#histograms.set(topic, made);
    return made;
  }
}
