import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createVoice, type ManagedVoice } from "@easymo/realtime-simulator";
import { RoutingTable } from "@easymo/routing";
import {
  createLogger,
  createMetrics,
  systemClock,
  type Metrics,
} from "@easymo/service-kit";
import { until } from "@easymo/testbed";
import { z } from "zod";
import { readDemoConfig } from "./config.js";
import type { PlatformOptions } from "./platform/kit.js";
import { startPlatform, type Platform } from "./platform/platform.js";
import { Prometheus } from "./testing/prometheus.js";
import {
  breaksTheRouting,
  callsAFailingModel,
  callsWithoutAModel,
  failsOnTheBus,
  optsOutByKey,
  paysAndInterrupts,
  signalsBySip,
  signalsWithoutKafka,
  writesOnWhatsApp,
} from "./testing/traffic.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What Grafana puts in the place of the dashboards' variables, with everything chosen. */
const VARIABLES: Readonly<Record<string, string>> = {
  namespace: ".*",
  // Four scrapes, of which Grafana takes each to be 15 s apart.
  __rate_interval: "1m",
};

/** Strimzi's Kafka Exporter, the operator, and what a process adds to its services: the platform here is one process without Kafka or Kubernetes. */
const BESIDE = `
# TYPE kafka_consumergroup_lag gauge
kafka_consumergroup_lag{consumergroup="broker-orchestrator",topic="whatsapp.inbound",partition="0"} 3
kafka_consumergroup_lag{consumergroup="whatsapp-bot.consent",topic="whatsapp.inbound",partition="0"} 0
# TYPE nodejs_eventloop_lag_p99_seconds gauge
nodejs_eventloop_lag_p99_seconds 0.011
# TYPE easymo_operator_leader gauge
easymo_operator_leader 1
# TYPE easymo_operator_reconcile_total counter
easymo_operator_reconcile_total{controller="routing",outcome="success"} 7
easymo_operator_reconcile_total{controller="routing",outcome="error"} 0
# TYPE easymo_operator_topics gauge
easymo_operator_topics{state="ready"} 8
easymo_operator_topics{state="missing"} 0
`;

const dashboard = z.object({
  title: z.string(),
  templating: z.object({
    list: z.array(
      z.object({ name: z.string(), type: z.string(), query: z.unknown() }),
    ),
  }),
  panels: z.array(
    z.object({
      title: z.string(),
      targets: z.array(z.object({ expr: z.string() })).default([]),
    }),
  ),
});

const dashboards = globSync("dashboards/phase4/*.json", { cwd: root }).map(
  (file) => dashboard.parse(JSON.parse(readFileSync(`${root}${file}`, "utf8"))),
);

const queries = dashboards.flatMap(({ title, panels }) =>
  panels.flatMap((panel) =>
    panel.targets.map(({ expr }) => ({
      where: `${title}: ${panel.title}`,
      query: resolved(expr),
    })),
  ),
);

function resolved(expression: string): string {
  return expression.replaceAll(
    /\$(?:\{(\w+)\}|(\w+))/g,
    (whole, braced?: string, bare?: string) =>
      VARIABLES[braced ?? bare ?? ""] ?? whole,
  );
}

/** The condition's left side and right side for every series, not only where it is true. */
const asNumbers = (alert: string): string =>
  alert.replaceAll(/ (==|!=|>=|<=|>|<) (?=-?[\d.])/g, " $1 bool ");

describe("in a real Prometheus that scrapes the platform under traffic of every channel", () => {
  const registries = new Map<string, Metrics>();
  const endings: (() => unknown)[] = [];
  let prometheus: Prometheus;

  const metricsOf = (name: string): Metrics => {
    const known = registries.get(name) ?? createMetrics();
    registries.set(name, known);
    return known;
  };

  beforeAll(async () => {
    const voice: ManagedVoice = await createVoice({
      logger: createLogger({ name: "voice", level: "fatal" }),
    });
    endings.push(() => voice.close());
    const routingFile = `${root}demo/routing.yaml`;
    const options: PlatformOptions = {
      config: readDemoConfig({ LOG_LEVEL: "fatal" }),
      routing: RoutingTable.parse(readFileSync(routingFile, "utf8")),
      voice,
      clock: systemClock,
      lineSpeed: 3,
      metricsOf,
    };
    const platform: Platform = await startPlatform(options);
    endings.push(() => platform.close());
    const expositions = new Map(
      [...registries].map(([name, { registry }]) => [
        name,
        () => registry.metrics(),
      ]),
    );
    expositions.set("beside", () => Promise.resolve(BESIDE));
    prometheus = await Prometheus.start(
      expositions,
      `${root}infrastructure/prometheus/alerts.yaml`,
    );
    endings.push(() => prometheus.stop());
    const orchestrator = metricsOf("broker-orchestrator");
    const consumer = await failsOnTheBus(platform, orchestrator);
    endings.push(() => consumer.stop());
    endings.push(await breaksTheRouting(metricsOf("voice-bridge")));
    await Promise.all([
      writesOnWhatsApp(platform),
      signalsBySip(platform),
      optsOutByKey(platform, voice),
    ]);
    await paysAndInterrupts(platform, voice);
    await callsAFailingModel(platform, voice);
    await callsWithoutAModel(platform, voice);
    expect(await signalsWithoutKafka(platform, options)).toBe(503);
  }, 240_000);

  afterAll(async () => {
    for (const end of endings.reverse()) await end();
  });

  /** Which of these give no series, once those that only need another scrape have had it. */
  async function silent(
    asked: readonly { readonly where: string; readonly query: string }[],
  ): Promise<string[]> {
    let missing = [...asked];
    const look = async () => {
      const found = await Promise.all(
        missing.map(async (one) => ({
          one,
          series: await prometheus.query(one.query),
        })),
      );
      missing = found
        .filter(({ series }) => series.length === 0)
        .map(({ one }) => one);
      return missing.length === 0;
    };
    await until(look, { timeoutMs: 45_000, everyMs: 500 }).catch(() => false);
    return missing.map(({ where, query }) => `${where}: ${query}`);
  }

  test("every query of every panel gives series", async () => {
    expect(queries.length).toBeGreaterThan(50);
    for (const { query } of queries) expect(query).not.toContain("$");
    expect(await silent(queries)).toEqual([]);
  });

  test("every variable has values to choose from", async () => {
    for (const { templating } of dashboards)
      for (const { name, type, query } of templating.list) {
        if (type === "datasource") continue;
        const text = z.object({ query: z.string() }).parse(query).query;
        const [, match = "", label = ""] =
          /^label_values\((.+), (\w+)\)$/.exec(text) ?? [];
        expect([name, await prometheus.labelValues(label, match)]).toEqual([
          "namespace",
          ["easymo"],
        ]);
      }
  });

  test("every alert is evaluated, over series that are there", async () => {
    const rules = await until(
      async () => {
        const read = await prometheus.rules();
        return read.every(({ health }) => health !== "unknown")
          ? read
          : undefined;
      },
      { timeoutMs: 60_000, what: "Every alert, evaluated" },
    );
    expect(rules.length).toBeGreaterThan(5);
    for (const { name, health, lastError } of rules)
      expect([name, health, lastError]).toEqual([name, "ok", undefined]);
    const asked = rules.map(({ name, query }) => ({
      where: name,
      query: asNumbers(query),
    }));
    expect(await silent(asked)).toEqual([]);
  });
});
