import { createMetrics } from "@easymo/service-kit";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { readMetrics } from "./scrape.js";

const TRAFFIC = "easymo_channel_last_traffic_timestamp_seconds";

describe("a pod's metrics", () => {
  test("tell its calls and its channels' last traffic, among everything else", async () => {
    const metrics = createMetrics();
    metrics.gauge("easymo_voice_calls_active", "Calls").set(7);
    metrics.gauge("easymo_voice_calls_active_elsewhere", "Other").set(9);
    const traffic = metrics.gauge(TRAFFIC, "Traffic", ["channel"]);
    traffic.set({ channel: "production/desk" }, 1_767_225_600.5);
    traffic.set({ channel: 'od"d\\na\nme' }, 1_767_225_601);
    metrics.histogram("easymo_x_seconds", "x", ["a"]).observe({ a: "b" }, 1);
    const { load, trafficAtMs } = readMetrics(await metrics.registry.metrics());
    expect(load).toEqual({ kind: "answered", calls: 7 });
    expect([...trafficAtMs]).toEqual([
      ["production/desk", 1_767_225_600_500],
      ['od"d\\na\nme', 1_767_225_601_000],
    ]);
  });

  test.each([
    ["nothing", ""],
    ["another metric", "easymo_voice_calls_total 3"],
    ["no number", "easymo_voice_calls_active NaN"],
    ["a number below nothing", "easymo_voice_calls_active -1"],
    ["half a call", "easymo_voice_calls_active 0.5"],
    ["no end of calls", "easymo_voice_calls_active +Inf"],
    ["a web page", "<html><body>easymo_voice_calls_active 0</body></html>"],
  ])("that say %s are silence about calls", (_what, text) => {
    expect(readMetrics(text).load).toEqual({ kind: "silent" });
  });

  test("may have a time stamp, and traffic that is no time is left out", () => {
    const { load, trafficAtMs } = readMetrics(
      [
        "easymo_voice_calls_active 2 1767225600000",
        `${TRAFFIC}{channel="a/b"} 0`,
        `${TRAFFIC}{channel="a/c"} NaN`,
        `${TRAFFIC}{channel="a/d"} 1e300`,
        `${TRAFFIC} 1767225600`,
        `${TRAFFIC}{zone="x",channel="a/e"} 1767225600`,
      ].join("\n"),
    );
    expect(load).toEqual({ kind: "answered", calls: 2 });
    expect([...trafficAtMs.keys()]).toEqual(["a/e"]);
  });

  test("may be any text at all", () => {
    const line = fc.oneof(
      fc.string(),
      fc.string().map((text) => `${TRAFFIC}{channel="${text}"} 1`),
      fc.string().map((text) => `easymo_voice_calls_active${text}`),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const { load } = readMetrics(lines.join("\n"));
        expect(["answered", "silent"]).toContain(load.kind);
      }),
    );
  });
});
