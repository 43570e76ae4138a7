import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "@easymo/testbed";
import { z } from "zod";
import { isReady, type Pod } from "../cluster/kubectl.js";
import { MODEL_RELEASE, modelValues } from "../release.js";
import type { Step } from "../story/story.js";
import type { World } from "../world.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const startLine = z.looseObject({ time: z.string() });
const CRDS = ["kafka", "kafkatopic", "kafkanodepool"];

/** The namespace, with Pod Security "restricted", and the CRDs of Strimzi. */
export async function ground(step: Step, world: World): Promise<void> {
  const { kubectl, config } = world;
  await step(
    'makes the namespace, with Pod Security "restricted"',
    async () => {
      const manifest = await readFile(
        join(ROOT, "manifests/namespace.yaml"),
        "utf8",
      );
      await kubectl.apply(
        manifest.replace("name: easymo", `name: ${config.E2E_NAMESPACE}`),
      );
      await assert.rejects(
        kubectl.run(["run", "root", "--image=x", "--privileged"]),
        /violates PodSecurity "restricted/,
      );
    },
  );
  await step("installs Strimzi's CRDs", async () => {
    for (const manifest of await strimziCrds(world))
      await kubectl.apply(manifest, ["--server-side", "--force-conflicts"]);
    await kubectl.run([
      "wait",
      "--for=condition=Established",
      "--timeout=60s",
      "crd/kafkatopics.kafka.strimzi.io",
    ]);
  });
}

async function strimziCrds({ config }: World): Promise<string[]> {
  const folder = config.STRIMZI_CRDS;
  if (folder !== undefined) {
    const files = (await readdir(folder)).filter((file) =>
      /^\d+-Crd-kafka(topic|nodepool)?\.yaml$/.test(file),
    );
    return Promise.all(
      files.map((file) => readFile(join(folder, file), "utf8")),
    );
  }
  const release = `https://github.com/strimzi/strimzi-kafka-operator/releases/download/${config.STRIMZI_VERSION}`;
  const response = await fetch(
    `${release}/strimzi-crds-${config.STRIMZI_VERSION}.yaml`,
  );
  if (!response.ok)
    throw new Error(
      `Strimzi's CRDs (${CRDS.join(", ")}) could not be fetched: ${response.status}. Name a folder with them in STRIMZI_CRDS.`,
    );
  return [await response.text()];
}

/** The model, then the whole with one command. */
export async function install(
  step: Step,
  world: World,
  print: (text: string) => void,
): Promise<void> {
  const { kubectl, helm, config } = world;
  await step("installs the offline model beside", async () => {
    await helm.install(
      MODEL_RELEASE,
      join(ROOT, "charts/realtime-simulator"),
      [modelValues(world.around)],
      ["--wait", "--timeout=5m"],
    );
  });
  await step(
    "installs the whole with one `helm install`, and waits for ready",
    async () => {
      const said = await helm.install(
        config.E2E_RELEASE,
        world.chart.folder,
        [world.values],
        ["--wait", "--timeout=8m"],
      );
      assert.match(said, /\/twilio\/voice/);
    },
    { timeoutMs: 540_000 },
  );
  await step("every pod is ready, and none was restarted", async () => {
    const pods = await until(
      async () => {
        const all = await kubectl.pods(
          `app.kubernetes.io/instance=${config.E2E_RELEASE}`,
        );
        return all.every(isReady) ? all : undefined;
      },
      { what: "Every pod ready", timeoutMs: 60_000, everyMs: 500 },
    );
    assert.ok(pods.length >= 9, `only ${pods.length} pods`);
    for (const one of pods) assert.equal(restartsOf(one), 0, one.metadata.name);
  });
  await step(
    "each began to serve so long after its container's start, at most",
    async () => {
      print(await startTimes(world));
    },
  );
  await step("declares the topics as KafkaTopics", async () => {
    const topics = await kubectl.run(["get", "kafkatopics", "--output=name"]);
    assert.equal(topics.split("\n").length, 8);
  });
  await step("`helm test` asks each service", async () => {
    await helm.run(["test", MODEL_RELEASE, "--timeout=3m"]);
    const said = await helm.run(["test", config.E2E_RELEASE, "--timeout=3m"]);
    assert.ok((said.match(/Phase:\s+Succeeded/g) ?? []).length >= 5, said);
  });
}

/** From each container's start, which the API tells in whole seconds, to the line that says that it serves: at most. */
async function startTimes({ kubectl, config }: World): Promise<string> {
  const pods = await kubectl.pods(
    `app.kubernetes.io/instance=${config.E2E_RELEASE}`,
  );
  const lines = await Promise.all(
    pods.map(async ({ metadata, status }) => {
      const log = await kubectl.run(["logs", metadata.name]);
      const line = log.split("\n").find((one) => one.includes('"listening"'));
      const { time } = startLine.parse(JSON.parse(line ?? "{}"));
      const started = status.containerStatuses[0]?.state.running?.startedAt;
      const seconds = (Date.parse(time) - Date.parse(started ?? "")) / 1_000;
      return `    ${metadata.name}: ${seconds.toFixed(1)} s\n`;
    }),
  );
  return lines.sort().join("");
}

function restartsOf(one: Pod): number {
  return one.status.containerStatuses.reduce(
    (sum, { restartCount }) => sum + restartCount,
    0,
  );
}
