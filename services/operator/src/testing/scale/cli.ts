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
  const toldMs = await wholeIsTold(operator, kubernetes, namespace);
  say(`first full sync           ${seconds(toldMs - startedMs)} s`);
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

/** Asks the operator for how many channels are ready, which costs little; then looks whether it is so. */
async function wholeIsTold(
  of: ServiceProcess,
  door: Kubernetes,
  namespace: string,
): Promise<number> {
  const ready = 'easymo_operator_channels{ready="True",reason="Ready"}';
  await until(async () => (await metric(of, ready)) === channels, {
    what: "The first full sync",
    timeoutMs: 600_000,
    everyMs: 250,
  });
  const toldMs = performance.now();
  const all = await crowdOf(door, namespace);
  const isSo = all.every((channel) => says(channel, "Ready", "True"));
  if (all.length !== channels || !isSo)
    throw new Error("The operator says that all are ready, and they are not.");
  return toldMs;
}

/** Suspends a channel: how long until it says so, which it does once it is out of the document. */
async function oneChange(
  door: Kubernetes,
  namespace: string,
  at: number,
): Promise<number> {
  const { metadata } = crowdChannel(namespace, at);
  const startedMs = performance.now();
  await door.patch(resources.channels, metadata, { spec: { suspended: true } });
  await until(
    async () =>
      JSON.stringify(await door.read(resources.channels, metadata)).includes(
        '"reason":"Suspended"',
      ),
    { what: "One change", timeoutMs: 60_000, everyMs: 20 },
  );
  const tookMs = performance.now() - startedMs;
  const name = "easymo-routing";
  const routing = await door.readConfigMap({ namespace, name });
  const text = routing?.data["routing.yaml"] ?? "";
  if (text === "" || text.includes(`"${namespace}/${metadata.name}"`))
    throw new Error("The channel says that it is suspended, and is not.");
  return tookMs;
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
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length));
}
