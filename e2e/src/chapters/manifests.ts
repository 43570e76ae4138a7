import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "@easymo/testbed";
import { Helm, type Values } from "../cluster/helm.js";
import { objectsOf } from "../cluster/objects.js";
import type { Step } from "../story/story.js";
import type { World } from "../world.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const PRODUCTION = join(ROOT, "charts/phase4/values-production.example.yaml");
/** Of operators that this cluster does not have. */
const FOREIGN =
  /^(monitoring\.coreos\.com|keda\.sh|gateway\.networking\.k8s\.io)\//;

const ALONE: Values = {
  global: {
    kafka: { bootstrapServers: "kafka:9092", clusterName: "easymo" },
    redis: { url: "redis://redis:6379" },
  },
};

/** What Helm installs once, and keeps. */
export const DEFINITIONS = [
  "agents.bridges.easymo.dev",
  "channels.bridges.easymo.dev",
];

/** Everything that the charts render is what a real API server takes. */
export async function manifests(step: Step, world: World): Promise<void> {
  const { helm, config, chart } = world;
  await step("installs the definitions of Agents and Channels", async () => {
    await world.kubectl.run([
      "apply",
      "--server-side",
      "--force-conflicts",
      "--filename",
      join(ROOT, "charts/operator/crds"),
    ]);
    await world.kubectl.run([
      "wait",
      "--for=condition=Established",
      "--timeout=60s",
      ...DEFINITIONS.map((name) => `crd/${name}`),
    ]);
  });
  await step("the API server takes the default values' objects", async () => {
    await accepted(world, await helm.template("trial", chart.folder, []));
  });
  await step("and production's", async () => {
    await accepted(
      world,
      await helm.template("trial", chart.folder, [], ["--values", PRODUCTION]),
    );
  });
  await step("and those of each chart alone", async () => {
    const folders = await readdir(join(ROOT, "charts"));
    for (const name of folders) {
      const folder = join(ROOT, "charts", name);
      if (!existsSync(join(folder, "Chart.yaml"))) continue;
      if (name === "common" || name === "phase4") continue;
      await accepted(world, await helm.template("trial", folder, [ALONE]));
    }
  });
  const { E2E_HELM3: helm3 } = config;
  if (helm3 !== undefined)
    await step("Helm 3 would install the same", () => sameBy(world, helm3));
  await step("and none of it is there", async () => {
    await world.kubectl.run(["delete", "crd", ...DEFINITIONS, "--timeout=60s"]);
  });
}

async function sameBy(world: World, helm3: string): Promise<void> {
  const { helm, config, chart } = world;
  const other = new Helm(helm3, config.E2E_NAMESPACE);
  assert.match(await other.version(), /^v3\./);
  assert.match(await helm.version(), /^v4\./);
  const rendered = await Promise.all(
    [helm, other].map((one) =>
      one.template("trial", chart.folder, [world.values], ["--no-hooks"]),
    ),
  );
  const [byFour, byThree] = rendered.map(withoutChance);
  assert.deepEqual(byThree, byFour);
  await other.install(
    "trial",
    chart.folder,
    [world.values],
    ["--dry-run=server"],
  );
}

/** Asks the API server whether it would take every object. */
async function accepted({ kubectl }: World, rendered: string): Promise<void> {
  const known = objectsOf(rendered).filter(
    ({ apiVersion }) => !FOREIGN.test(apiVersion),
  );
  assert.ok(known.length > 0);
  const text = JSON.stringify({ apiVersion: "v1", kind: "List", items: known });
  // Just after a definition is there, the API server may ask for a moment.
  await until(
    () =>
      kubectl
        .apply(text, ["--dry-run=server", "--server-side"])
        .then(() => true),
    { what: "Acceptance", timeoutMs: 30_000, everyMs: 1_000 },
  ).catch(async () => {
    await kubectl.apply(text, ["--dry-run=server", "--server-side"]);
  });
}

/** What Helm makes up at random differs each time. */
function withoutChance(rendered: string): unknown[] {
  return objectsOf(rendered)
    .filter((one) => one.kind !== "Secret")
    .sort((one, other) =>
      JSON.stringify(one.metadata) < JSON.stringify(other.metadata) ? -1 : 1,
    );
}
