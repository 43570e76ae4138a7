import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "@easymo/testbed";
import { parse } from "yaml";
import { z } from "zod";
import { MODEL_RELEASE } from "../release.js";
import {
  startTimesOf,
  STOPWATCH,
  type StartTimes,
} from "../starts/stopwatch.js";
import type { Step } from "../story/story.js";
import type { World } from "../world.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const TIMES = 5;

const container = z.looseObject({
  ports: z.array(z.looseObject({ containerPort: z.number() })).min(1),
  env: z.array(z.looseObject({ name: z.string() })).default([]),
});
const template = z.looseObject({
  metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }),
  spec: z.looseObject({ containers: z.tuple([container]) }),
});
const deployment = z.looseObject({ spec: z.looseObject({ template }) });

interface Trial {
  readonly title: string;
  readonly service: string;
  readonly release: string;
  /** With the memory that the chart gives by default, and a new database inside the service. */
  readonly isEmbedded?: boolean;
}

const chartValues = z.looseObject({ resources: z.looseObject({}) });

/** Each image started alone, on the node, with everything up that it depends on. */
export async function starts(
  step: Step,
  world: World,
  services: readonly string[],
  print: (text: string) => void,
): Promise<void> {
  const rows: [string, StartTimes][] = [];
  for (const trial of trialsOf(services, world.config.E2E_RELEASE)) {
    await step(
      `${trial.title}: started ${TIMES} times alone, it is ready each time, and ends when told to`,
      async () => {
        rows.push([trial.title, await measured(world, trial)]);
      },
    );
  }
  print(
    table([
      ["from the start of the process to /readyz", "ready", "processor"],
      ...rows.map(([title, { readyMs, cpuMs }]) => [
        title,
        seconds(readyMs),
        seconds(cpuMs),
      ]),
    ]),
  );
}

function trialsOf(services: readonly string[], release: string): Trial[] {
  return services.flatMap((service): Trial[] => {
    if (service === "realtime-simulator")
      return [{ title: service, service, release: MODEL_RELEASE }];
    const usual = { title: service, service, release };
    if (service !== "agent-core") return [usual];
    return [
      usual,
      {
        ...usual,
        title: "agent-core, with a new embedded database",
        isEmbedded: true,
      },
    ];
  });
}

/** Runs the stopwatch in a pod like the service's own. */
async function measured(world: World, trial: Trial): Promise<StartTimes> {
  const { kubectl } = world;
  const name = `${trial.release}-${trial.service}-start`;
  await kubectl.apply(JSON.stringify(await podOf(world, trial, name)));
  try {
    await until(
      async () => {
        const { phase } = (await kubectl.pod(name)).status;
        return phase === "Succeeded" || phase === "Failed";
      },
      { what: `The end of ${name}`, timeoutMs: 280_000, everyMs: 1_000 },
    );
    const said = await kubectl.run(["logs", name]);
    assert.equal((await kubectl.pod(name)).status.phase, "Succeeded", said);
    return startTimesOf(said);
  } finally {
    await kubectl.run(["delete", "pod", name, "--now", "--ignore-not-found"]);
  }
}

async function podOf(
  world: World,
  { service, release, isEmbedded = false }: Trial,
  name: string,
) {
  const { spec: whole } = await world.kubectl.get(deployment, [
    "deployment",
    `${release}-${service}`,
  ]);
  const { metadata, spec } = whole.template;
  const [own] = spec.containers;
  const {
    startupProbe: _startupProbe,
    livenessProbe: _livenessProbe,
    lifecycle: _lifecycle,
    ...rest
  } = own;
  const [port] = own.ports;
  const command = await entrypointOf(service);
  return {
    apiVersion: "v1",
    kind: "Pod",
    // The labels by which network policies let it to what it depends on.
    metadata: { name, labels: metadata.labels },
    spec: {
      ...spec,
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 5,
      containers: [
        {
          ...rest,
          ...(isEmbedded ? await embedded(service, own.env) : {}),
          command: ["/usr/local/bin/node", "--eval", STOPWATCH, "--"],
          args: [String(TIMES), String(port?.containerPort), ...command],
          // Never: nobody is to be sent to it by the Service.
          readinessProbe: {
            tcpSocket: { port: 1 },
            initialDelaySeconds: 3_600,
          },
        },
      ],
    },
  };
}

async function embedded(
  service: string,
  env: readonly { readonly name: string }[],
) {
  const text = await readFile(
    join(ROOT, "charts", service, "values.yaml"),
    "utf8",
  );
  const { resources } = chartValues.parse(parse(text));
  const name = "DATABASE_URL";
  return {
    resources,
    env: [
      ...env.filter((one) => one.name !== name),
      { name, value: "pglite:memory" },
    ],
  };
}

/** What the image starts. */
async function entrypointOf(service: string): Promise<string[]> {
  const text = await readFile(
    join(ROOT, "services", service, "Dockerfile"),
    "utf8",
  );
  const line = /^ENTRYPOINT (\[.*\])$/m.exec(text)?.[1];
  return z
    .array(z.string())
    .min(2)
    .parse(JSON.parse(line ?? "null"));
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}

/** The first column to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_cell, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  );
  return rows
    .map((row) => {
      const cells = row.map((cell, at) =>
        at === 0
          ? cell.padEnd(widths[at] ?? 0)
          : cell.padStart(widths[at] ?? 0),
      );
      return `    ${cells.join("  ")}\n`;
    })
    .join("");
}
