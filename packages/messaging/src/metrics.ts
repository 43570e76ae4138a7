import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** Where a service keeps its metrics. */
export interface MetricsSource {
  readonly registry: Registry;
}

/** The bus's metrics in one registry; asking twice gives the same ones. */
export interface BusMetrics {
  readonly published: Counter<"topic">;
  readonly publishSeconds: Histogram<"topic">;
  readonly handled: Counter<"topic" | "outcome">;
  readonly handleSeconds: Histogram<"topic">;
  readonly retries: Counter<"topic">;
  readonly deadLetters: Counter<"topic">;
  readonly lag: LagGauge;
}

/** The consumer-lag gauge, read from each running consumer when the metrics are scraped. */
export interface LagGauge {
  /** Adds a reader; the answer takes it away again. */
  observe(read: () => Promise<readonly LagSample[]>): () => void;
}

export interface LagSample {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly lag: number;
}

const registries = new WeakMap<Registry, BusMetrics>();

const SECONDS_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

/** The bus's metrics of a registry, made on first use. */
export function busMetrics({ registry }: MetricsSource): BusMetrics {
  const known = registries.get(registry);
  if (known !== undefined) return known;
  const registers = [registry];
  const metrics: BusMetrics = {
    published: new Counter({
      name: "easymo_bus_published_total",
      help: "Records that the bus acknowledged.",
      labelNames: ["topic"],
      registers,
    }),
    publishSeconds: new Histogram({
      name: "easymo_bus_publish_seconds",
      help: "From the call to publish to the acknowledgement of all in-sync replicas.",
      labelNames: ["topic"],
      buckets: SECONDS_BUCKETS,
      registers,
    }),
    handled: new Counter({
      name: "easymo_bus_handled_total",
      help: "Records that a consumer is done with: ok, duplicate, retried, dead_letter.",
      labelNames: ["topic", "outcome"],
      registers,
    }),
    handleSeconds: new Histogram({
      name: "easymo_bus_handle_seconds",
      help: "How long a handler took for one record.",
      labelNames: ["topic"],
      buckets: SECONDS_BUCKETS,
      registers,
    }),
    retries: new Counter({
      name: "easymo_bus_retries_total",
      help: "Records put on the retry topic, by the topic that they first came from.",
      labelNames: ["topic"],
      registers,
    }),
    deadLetters: new Counter({
      name: "easymo_bus_dead_letters_total",
      help: "Records put on the dead-letter topic, by the topic that they first came from.",
      labelNames: ["topic"],
      registers,
    }),
    lag: lagGauge(registers),
  };
  registries.set(registry, metrics);
  return metrics;
}

function lagGauge(registers: Registry[]): LagGauge {
  const readers = new Set<() => Promise<readonly LagSample[]>>();
  new Gauge({
    name: "easymo_bus_consumer_lag",
    help: "Records of a partition that the group has not committed yet, as its owner sees it.",
    labelNames: ["group", "topic", "partition"],
    registers,
    async collect() {
      const samples = await Promise.allSettled(
        [...readers].map((read) => read()),
      );
      this.reset();
      for (const sample of samples) {
        // A reader whose broker is away has nothing to say; the others are still shown.
        if (sample.status === "rejected") continue;
        for (const { group, topic, partition, lag } of sample.value) {
          this.set({ group, topic, partition }, lag);
        }
      }
    },
  });
  return {
    observe(read) {
      readers.add(read);
      return () => void readers.delete(read);
    },
  };
}
