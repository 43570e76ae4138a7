import { describe, expect, test } from "@jest/globals";
import { createMetrics } from "./metrics.js";

describe("metrics", () => {
  test("are the same object when asked for twice by name", () => {
    const metrics = createMetrics();
    const ask = () => metrics.counter("easymo_x_total", "x", ["a", "b"]);
    ask().inc({ a: "1", b: "2" });
    ask().inc({ a: "1", b: "2" }, 2);
    expect(metrics.histogram("easymo_x_seconds", "x")).toBe(
      metrics.histogram("easymo_x_seconds", "x"),
    );
    expect(metrics.gauge("easymo_x", "x")).toBe(metrics.gauge("easymo_x", "x"));
    return expect(
      metrics.registry.getSingleMetricAsString("easymo_x_total"),
    ).resolves.toContain('easymo_x_total{a="1",b="2"} 3');
  });

  test("refuse a name that stands for another kind, or for other labels", () => {
    const metrics = createMetrics();
    metrics.counter("easymo_x_total", "x", ["a"]);
    expect(() => metrics.gauge("easymo_x_total", "x", ["a"])).toThrow(
      "metric easymo_x_total is a counter with labels {a}, not a gauge with labels {a}",
    );
    expect(() => metrics.counter("easymo_x_total", "x", ["b"])).toThrow(
      "not a counter with labels {b}",
    );
  });

  test("of two instances know nothing of each other", async () => {
    const [one, two] = [createMetrics(), createMetrics()];
    one.counter("easymo_x_total", "x").inc();
    two.counter("easymo_x_total", "x");
    expect(
      await two.registry.getSingleMetricAsString("easymo_x_total"),
    ).toContain("easymo_x_total 0");
  });

  test("gauges are collected at each scrape, from everyone who asked", async () => {
    const metrics = createMetrics();
    let depth = 3;
    metrics.gauge("easymo_depth", "d", ["queue"], (gauge) =>
      gauge.set({ queue: "a" }, depth),
    );
    metrics.gauge("easymo_depth", "d", ["queue"], async (gauge) => {
      await Promise.resolve();
      gauge.set({ queue: "b" }, 7);
    });
    expect(await metrics.registry.metrics()).toContain('{queue="a"} 3');
    depth = 4;
    const scrape = await metrics.registry.metrics();
    expect(scrape).toContain('{queue="a"} 4');
    expect(scrape).toContain('{queue="b"} 7');
  });
});
