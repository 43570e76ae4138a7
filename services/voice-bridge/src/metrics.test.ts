import { createAgentCoreClient } from "@easymo/agent-core-client";
import { createMemoryBus, createMemoryStore } from "@easymo/messaging";
import { watchRouting } from "@easymo/routing";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Metric } from "prom-client";
import { z } from "zod";
import { createVoiceBridge } from "./app.js";
import { readVoiceBridgeConfig } from "./config.js";
import {
  API_TOKEN,
  PUBLIC_URL,
  quietKit,
  routingFile,
  SECRET,
} from "./testing/running-bridge.js";

/** What dashboards and alerts rely on: a name or label changes only on purpose. */
const CONTRACT = `
easymo_voice_calls_active, easymo_voice_calls_total{direction,outcome}, easymo_voice_frames_total{direction},
easymo_voice_first_audio_seconds, easymo_voice_barge_in_total, easymo_voice_forward_seconds{direction},
easymo_model_tokens_total{kind}, easymo_model_reconnects_total{reason}, easymo_idempotency_total{surface,outcome},
easymo_bus_published_total{topic}, easymo_bus_publish_seconds{topic}, easymo_bus_handled_total{topic,outcome},
easymo_bus_handle_seconds{topic}, easymo_bus_retries_total{topic}, easymo_bus_dead_letters_total{topic},
easymo_bus_consumer_lag{group,topic,partition}, easymo_opt_outs_total{channel}, easymo_payment_prompts_total{method},
easymo_tool_calls_total{tool,outcome}, easymo_tool_call_seconds{tool}, easymo_routing_reloads_total{outcome}`;

const promised = [...CONTRACT.matchAll(/(easymo_\w+)(?:\{([\w,]+)\})?/g)].map(
  ([, name = "", labels]) => ({
    name,
    labels: labels?.split(",") ?? [],
  }),
);

/** Ours beyond the contract; a new one is added here, or there. */
const BEYOND = [
  "easymo_agent_limits_reached_total",
  "easymo_channel_last_traffic_timestamp_seconds",
  "easymo_http_request_seconds",
  "easymo_model_errors_total",
  "easymo_bus_spool_records",
  "easymo_bus_spool_bytes",
  "easymo_bus_spool_refused_total",
];

const described = z.object({
  name: z.string(),
  labelNames: z.array(z.string()),
});

const kit = quietKit("voice-bridge");
let metrics: Map<string, Metric>;
let close: () => Promise<void>;

beforeAll(async () => {
  const routing = await watchRouting({ file: await routingFile(), ...kit });
  const bus = createMemoryBus(kit);
  createVoiceBridge(
    readVoiceBridgeConfig({
      KAFKA_BROKERS: "memory:",
      REDIS_URL: "memory:",
      ROUTING_FILE: "unused",
      AGENT_CORE_JWT_SECRET: SECRET,
      PUBLIC_URL,
      VOICE_API_TOKEN: API_TOKEN,
    }),
    {
      ...kit,
      bus,
      store: createMemoryStore(kit.clock),
      routing,
      agentCore: createAgentCoreClient({
        baseUrl: "http://127.0.0.1:9",
        jwtSecret: SECRET,
        ...kit,
      }),
    },
  );
  metrics = new Map();
  for (const name of namesIn(await kit.metrics.registry.metrics())) {
    const metric = kit.metrics.registry.getSingleMetric(name);
    if (metric !== undefined) metrics.set(name, metric);
  }
  close = async () => {
    await routing.close();
    await bus.close();
  };
});
afterAll(() => close());

function namesIn(exposition: string): string[] {
  return [...exposition.matchAll(/^# TYPE (\S+)/gm)].map(
    ([, name = ""]) => name,
  );
}

describe("the metrics of voice-bridge, its bus and its tools", () => {
  test.each(promised)(
    "expose $name with exactly the labels $labels",
    ({ name, labels }) => {
      const metric = described.parse(metrics.get(name));
      expect([...metric.labelNames].sort()).toEqual([...labels].sort());
    },
  );

  test("are those of the contract and a few more, none of which has a number or a call as its label", () => {
    const own = [...metrics.keys()].filter((name) => name.startsWith("easymo"));
    expect(own.sort()).toEqual(
      [...promised.map(({ name }) => name), ...BEYOND].sort(),
    );
    for (const metric of metrics.values())
      expect(described.parse(metric).labelNames.join()).not.toMatch(
        /phone|from|to$|call_?id|tenant|user/i,
      );
  });

  test.each(promised)("give $name its base unit and kind", ({ name }) => {
    const [suffix = ""] = /_(total|seconds|active|lag)$/.exec(name) ?? [];
    expect(metrics.get(name)?.constructor.name).toBe(
      { _total: "Counter", _seconds: "Histogram" }[suffix] ?? "Gauge",
    );
  });
});
