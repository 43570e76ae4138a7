import { Counter, Gauge, Histogram, Registry } from "prom-client";

export type { Counter, Gauge, Histogram };

/**
 * The metrics of one service instance: get or create by name. Labels are typed:
 * `counter("easymo_x_total", "…", ["outcome"])` takes `{outcome}` and nothing else.
 * Asking twice for a name gives the same metric; with another kind or other
 * labels it throws, because one of both places must be wrong.
 */
export interface Metrics {
  readonly registry: Registry;
  counter<L extends string = never>(
    name: string,
    help: string,
    labels?: readonly L[],
  ): Counter<L>;
  /** @param buckets upper bounds in base units (seconds); see `secondsBuckets` */
  histogram<L extends string = never>(
    name: string,
    help: string,
    labels?: readonly L[],
    buckets?: readonly number[],
  ): Histogram<L>;
  /** @param collect called at each scrape, to set the gauge's value then */
  gauge<L extends string = never>(
    name: string,
    help: string,
    labels?: readonly L[],
    collect?: (gauge: Gauge<L>) => void | Promise<void>,
  ): Gauge<L>;
}

/** From a millisecond to ten seconds. */
export const secondsBuckets: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** Metrics with a registry of their own; nothing global. */
export function createMetrics(): Metrics {
  return new OwnMetrics();
}

class OwnMetrics implements Metrics {
  readonly registry = new Registry();
  readonly #signatures = new Map<string, string>();
  readonly #collectors = new Map<string, (() => Promise<void>)[]>();

  counter<L extends string = never>(
    name: string,
    help: string,
    labels: readonly L[] = [],
  ): Counter<L> {
    const known = this.#known<L>("counter", name, labels);
    return known instanceof Counter
      ? known
      : new Counter({
          name,
          help,
          labelNames: labels,
          registers: [this.registry],
        });
  }

  histogram<L extends string = never>(
    name: string,
    help: string,
    labels: readonly L[] = [],
    buckets: readonly number[] = secondsBuckets,
  ): Histogram<L> {
    const known = this.#known<L>("histogram", name, labels);
    return known instanceof Histogram
      ? known
      : new Histogram({
          name,
          help,
          labelNames: labels,
          buckets: [...buckets],
          registers: [this.registry],
        });
  }

  gauge<L extends string = never>(
    name: string,
    help: string,
    labels: readonly L[] = [],
    collect?: (gauge: Gauge<L>) => void | Promise<void>,
  ): Gauge<L> {
    const known = this.#known<L>("gauge", name, labels);
    const collectors = this.#collectors.get(name) ?? [];
    this.#collectors.set(name, collectors);
    const gauge =
      known instanceof Gauge
        ? known
        : new Gauge({
            name,
            help,
            labelNames: labels,
            registers: [this.registry],
            async collect() {
              await Promise.all(collectors.map((run) => run()));
            },
          });
    if (collect !== undefined) {
      collectors.push(async () => {
        await collect(gauge);
      });
    }
    return gauge;
  }

  #known<L extends string>(kind: string, name: string, labels: readonly L[]) {
    const signature = `${kind} with labels {${[...labels].sort().join(", ")}}`;
    const known = this.#signatures.get(name);
    if (known !== undefined && known !== signature) {
      throw new Error(`metric ${name} is a ${known}, not a ${signature}`);
    }
    this.#signatures.set(name, signature);
    return this.registry.getSingleMetric<L>(name);
  }
}
