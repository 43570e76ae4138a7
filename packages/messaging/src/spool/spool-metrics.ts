import { Counter, Gauge, type Registry } from "prom-client";
import type { MetricsSource } from "../metrics.js";

export interface SpoolMetrics {
  readonly refused: Counter<"topic">;
  /** Adds a spool to the gauges; the answer takes it away again. */
  observe(read: () => { records: number; bytes: number }): () => void;
}

const registries = new WeakMap<Registry, SpoolMetrics>();

/** The spool's metrics in one registry; asking twice gives the same ones. */
export function spoolMetrics({ registry }: MetricsSource): SpoolMetrics {
  const known = registries.get(registry);
  if (known !== undefined) return known;
  const registers = [registry];
  const spools = new Set<() => { records: number; bytes: number }>();
  const total = (measure: "records" | "bytes"): number =>
    [...spools].reduce((sum, read) => sum + read()[measure], 0);
  new Gauge({
    name: "easymo_bus_spool_records",
    help: "Events that wait to be acknowledged by the bus.",
    registers,
    collect() {
      this.set(total("records"));
    },
  });
  new Gauge({
    name: "easymo_bus_spool_bytes",
    help: "What the events that wait take, on the disk and in memory.",
    registers,
    collect() {
      this.set(total("bytes"));
    },
  });
  const metrics: SpoolMetrics = {
    refused: new Counter({
      name: "easymo_bus_spool_refused_total",
      help: "Events that were lost: the spool was full, or the bus refused them for good.",
      labelNames: ["topic"],
      registers,
    }),
    observe(read) {
      spools.add(read);
      return () => void spools.delete(read);
    },
  };
  registries.set(registry, metrics);
  return metrics;
}
