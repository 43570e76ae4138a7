import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import {
  randomName,
  ServiceProcess,
  startApiServer,
  until,
} from "@easymo/testbed";
import { z } from "zod";
import {
  createKubernetes,
  loadKubeConfig,
  resources,
  type Kubernetes,
} from "../../runtime/index.js";
import { crowdChannel, crowdOf, makeCrowd, says } from "../crowd.js";

/**
 * What the operator needs for many channels, on a real API server: how long the first full sync takes, how long one change,
 * and how much memory it holds then. `pnpm --filter @easymo/operator scale [channels]`
 */
const channels = Number(process.argv[2] ?? 5_000);
const CHANGES = 10;
/** Until the heap has come to rest. */
const REST_MS = 20_000;

const crds = fileURLToPath(
  new URL("../../../../../charts/operator/crds", import.meta.url),
);

const manifest = new URL("../../../package.json", import.meta.url);
const start = z.object({ scripts: z.object({ start: z.string() }) });

const document = z.object({ data: z.object({ "routing.yaml": z.string() }) });

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const seconds = (ms: number): string => (ms / 1_000).toFixed(2);

const server = await startApiServer({ manifests: [crds] });
const kubernetes = createKubernetes(loadKubeConfig(server.kubeconfig));
let operator: ServiceProcess | undefined;
try {
  const namespace = randomName("scale");
  await server.createNamespace(namespace);
  await makeCrowd(kubernetes, namespace, channels);
  say(`channels                  ${channels}`);
  const startedMs = performance.now();
  operator = await ServiceProcess.start("operator", {
    KUBECONFIG: server.kubeconfig,
    POD_NAMESPACE: namespace,
    POD_NAME: "operator-0",
    RELEASE_NAME: "easymo",
    LOG_LEVEL: "warn",
    NODE_OPTIONS: await heapFlags(),
  });
  await wholeIsTold(kubernetes, namespace);
  say(`first full sync           ${seconds(performance.now() - startedMs)} s`);
  const changesMs: number[] = [];
  for (let at = 0; at < CHANGES; at += 1)
    changesMs.push(await oneChange(kubernetes, namespace, at));
  changesMs.sort((a, b) => a - b);
  say(
    `one change                ${seconds(changesMs[CHANGES / 2] ?? 0)} s (median of ${CHANGES}), ${seconds(changesMs.at(-1) ?? 0)} s (longest)`,
  );
  const busySeconds = await metric(operator, "process_cpu_seconds_total");
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
  const restSeconds = await metric(operator, "process_cpu_seconds_total");
  say(
    `CPU time                  ${busySeconds.toFixed(1)} s until then, ${(restSeconds - busySeconds).toFixed(2)} s in ${REST_MS / 1_000} s of rest`,
  );
  say(
    `memory (RSS)              ${await mebibytes(operator, "process_resident_memory_bytes")} MiB`,
  );
  say(
    `  of which JavaScript     ${await mebibytes(operator, "nodejs_heap_size_used_bytes")} MiB`,
  );
} finally {
  await operator?.stop();
  await kubernetes.close();
  await server.close();
}

async function wholeIsTold(door: Kubernetes, namespace: string) {
  await until(
    async () => {
      const all = await crowdOf(door, namespace);
      return (
        all.length === channels &&
        all.every((channel) => says(channel, "Ready", "True"))
      );
    },
    { what: "The first full sync", timeoutMs: 600_000, everyMs: 200 },
  );
}

/** Suspends a channel: how long until it is out of the document, and says so. */
async function oneChange(
  door: Kubernetes,
  namespace: string,
  at: number,
): Promise<number> {
  const { metadata } = crowdChannel(namespace, at);
  const startedMs = performance.now();
  await door.patch(resources.channels, metadata, { spec: { suspended: true } });
  await until(
    async () => {
      const text = document.parse(
        await door.read(resources.configMaps, {
          namespace,
          name: "easymo-routing",
        }),
      ).data["routing.yaml"];
      const suspended = await door.read(resources.channels, metadata);
      return (
        !text.includes(`"${namespace}/${metadata.name}"`) &&
        JSON.stringify(suspended).includes('"reason":"Suspended"')
      );
    },
    { what: "One change", timeoutMs: 60_000, everyMs: 10 },
  );
  return performance.now() - startedMs;
}

/** As it is started, in an image too. */
async function heapFlags(): Promise<string> {
  const { scripts } = start.parse(JSON.parse(await readFile(manifest, "utf8")));
  return (scripts.start.match(/--max-\S+/g) ?? []).join(" ");
}

async function mebibytes(of: ServiceProcess, name: string): Promise<string> {
  return ((await metric(of, name)) / 1_048_576).toFixed(0);
}

async function metric(of: ServiceProcess, name: string): Promise<number> {
  const text = await (await fetch(`${of.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
}
