import { execFile } from "node:child_process";
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { z } from "zod";
import {
  chartsFolder,
  named,
  ofKind,
  render,
  umbrellaWithStandIn,
} from "./testing/helm.js";

const execute = promisify(execFile);
const root = join(chartsFolder, "..");
const folder = join(root, "dashboards/phase4");
const alertsFile = join(root, "infrastructure/prometheus/alerts.yaml");

const panel = z.looseObject({
  type: z.string(),
  title: z.string().min(1),
  description: z.string().optional(),
  fieldConfig: z
    .object({ defaults: z.looseObject({ unit: z.string().min(1) }) })
    .optional(),
  targets: z.array(z.looseObject({ expr: z.string() })).default([]),
});
const dashboard = z.looseObject({
  uid: z.string(),
  title: z.string(),
  panels: z.array(panel),
  templating: z.object({ list: z.array(z.looseObject({ name: z.string() })) }),
});
const alerts = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          alert: z.string(),
          expr: z.string(),
          annotations: z.object({ runbook: z.string() }),
        }),
      ),
    }),
  ),
});

/** Metrics of exporters beside the services. */
const OTHERS: ReadonlySet<string> = new Set([
  "kafka_consumergroup_lag", // Strimzi's Kafka Exporter
  "nodejs_eventloop_lag_p99_seconds", // prom-client's process metrics
  "up", // Prometheus itself
]);

/** The names that the services' code registers. */
function registeredMetrics(): Set<string> {
  const sources = globSync("{packages,services}/*/src/**/*.ts", { cwd: root });
  const names = sources
    .filter((path) => !path.endsWith(".test.ts"))
    .flatMap((path) => [
      ...readFileSync(join(root, path), "utf8").matchAll(
        /"(easymo_[a-z_]+[a-z])"/g,
      ),
    ])
    .map((match) => match[1] ?? "");
  return new Set(names);
}

function metricsIn(expression: string): string[] {
  const bare = expression
    .replaceAll(/\{[^}]*\}/g, "")
    .replaceAll(/\b(?:by|on|without|ignoring) ?\([^)]*\)/g, "");
  return [
    ...bare.matchAll(/\b(?:easymo|kafka|nodejs|up)(?:_[a-z0-9_]+)?\b/g),
  ].map(([name]) => name.replace(/_(?:bucket|count|sum)$/, ""));
}

const dashboards = readdirSync(folder).map((file) => ({
  file,
  ...dashboard.parse(JSON.parse(readFileSync(join(folder, file), "utf8"))),
}));
const rules = alerts
  .parse(parse(readFileSync(alertsFile, "utf8")))
  .groups.flatMap((group) => group.rules);

describe("dashboards", () => {
  const registered = registeredMetrics();

  test("are there for voice, messaging, conversations and money", () => {
    expect(dashboards.map(({ file }) => file)).toEqual([
      "broker_and_money.json",
      "messaging_overview.json",
      "voice_bridge.json",
    ]);
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(3);
  });

  test.each(dashboards.map((one) => [one.file, one] as const))(
    "%s: each panel has a description, a unit and queries over metrics that exist",
    (_, { panels }) => {
      const shown = panels.filter(({ type }) => type !== "row");
      expect(shown.length).toBeGreaterThan(5);
      for (const { title, description, fieldConfig, targets } of shown) {
        expect([title, description]).toEqual([title, expect.any(String)]);
        expect(fieldConfig?.defaults.unit).toBeDefined();
        expect(targets.length).toBeGreaterThan(0);
        for (const { expr } of targets) {
          const names = metricsIn(expr);
          expect(names).not.toEqual([]);
          for (const name of names)
            expect([name, registered.has(name) || OTHERS.has(name)]).toEqual([
              name,
              true,
            ]);
        }
      }
    },
  );

  test("can be pointed at a data source and a namespace", () => {
    for (const { templating } of dashboards)
      expect(templating.list.map(({ name }) => name)).toEqual([
        "datasource",
        "namespace",
      ]);
  });

  test("show how far consumers are behind", () => {
    const messaging = JSON.stringify(dashboards);
    expect(messaging).toContain("kafka_consumergroup_lag");
    expect(messaging).toContain("easymo_bus_consumer_lag");
  });

  test("become ConfigMaps that Grafana's sidecar finds", async () => {
    const maps = ofKind(
      await render("helm4", join(chartsFolder, "dashboards")),
      "ConfigMap",
    );
    expect(maps).toHaveLength(dashboards.length);
    const map = named(maps, "ConfigMap", "rel-dashboard-voice-bridge");
    expect(map.metadata.labels.grafana_dashboard).toBe("1");
    expect(map.metadata.annotations.grafana_folder).toBe("EasyMO");
    expect(JSON.parse(map.data?.["voice_bridge.json"] ?? "")).toEqual(
      JSON.parse(readFileSync(join(folder, "voice_bridge.json"), "utf8")),
    );
  });
});

describe("alerts", () => {
  test("fire when they should and not otherwise", async () => {
    await execute("promtool", [
      "test",
      "rules",
      join(root, "infrastructure/prometheus/alerts.test.yaml"),
    ]);
    const tested = readFileSync(
      join(root, "infrastructure/prometheus/alerts.test.yaml"),
      "utf8",
    );
    for (const { alert } of rules) expect(tested).toContain(alert);
  });

  test("each has a page that says what to do, over metrics that exist", () => {
    const registered = registeredMetrics();
    for (const { alert, expr, annotations } of rules) {
      expect(annotations.runbook).toBe(`docs/runbooks/${alert}.md`);
      expect(existsSync(join(root, annotations.runbook))).toBe(true);
      for (const name of metricsIn(expr))
        expect([name, registered.has(name) || OTHERS.has(name)]).toEqual([
          name,
          true,
        ]);
    }
  });

  test("come with the umbrella when they are wanted", async () => {
    const umbrella = umbrellaWithStandIn();
    try {
      const wanted = { "prometheusRule.enabled": true };
      const all = await render("helm4", umbrella.folder, wanted);
      expect(named(all, "PrometheusRule", "rel-alerts").spec).toEqual(
        parse(readFileSync(alertsFile, "utf8")),
      );
      expect(
        ofKind(await render("helm4", umbrella.folder), "PrometheusRule"),
      ).toEqual([]);
    } finally {
      umbrella.remove();
    }
  });
});
