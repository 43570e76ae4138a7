import {
  afterAll,
  afterEach,
  beforeAll,
  describe,
  expect,
  test,
} from "@jest/globals";
import { createLogger, createMetrics, systemClock } from "@easymo/service-kit";
import {
  randomName,
  startApiServer,
  until,
  type ApiServer,
} from "@easymo/testbed";
import { z } from "zod";
import { CuttableLine } from "../testing/cuttable-line.js";
import {
  createKubernetes,
  Informer,
  KubernetesEventRecorder,
  LeaderElection,
  loadKubeConfig,
  resources,
  type Kubernetes,
} from "./index.js";

const { configMaps, pods, secrets } = resources;
const logger = createLogger({ name: "test", level: "silent" });

const words = z.object({
  metadata: z.object({ name: z.string(), uid: z.string() }),
  data: z.object({ word: z.string() }),
});

let server: ApiServer;
let line: CuttableLine;
let kubernetes: Kubernetes;
beforeAll(async () => {
  // Watches end every second or two, and without the cache they read etcd's own history.
  server = await startApiServer({ watchCache: false, watchSeconds: 1 });
  line = await CuttableLine.to(server.port);
  const kubeconfig = loadKubeConfig(server.kubeconfig);
  for (const cluster of kubeconfig.clusters)
    Object.assign(cluster, { server: `https://127.0.0.1:${line.port}` });
  kubernetes = createKubernetes(kubeconfig, { pageItems: 2 });
}, 180_000);
afterAll(async () => {
  await kubernetes.close();
  await line.close();
  await server.close();
});

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  line.mend();
  for (const close of closing.splice(0)) await close();
});

/** A namespace of one test's own, and what is in it. */
async function room() {
  const namespace = randomName("room");
  await server.createNamespace(namespace);
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  return {
    namespace,
    write: (name: string, word: string) =>
      server.kubectl(
        ["apply", "--server-side", "--force-conflicts", "-f", "-"],
        JSON.stringify(configMap(namespace, name, word)),
      ),
    remove: (name: string) => server.request("DELETE", `${path}/${name}`),
  };
}

function configMap(namespace: string, name: string, word: string) {
  return {
    apiVersion: configMaps.apiVersion,
    kind: configMaps.kind,
    metadata: { name, namespace },
    data: { word },
  };
}

function informer(namespace: string) {
  const metrics = createMetrics();
  const watched = new Informer(
    { kubernetes, logger, metrics, clock: systemClock },
    {
      type: configMaps,
      selection: { namespace },
      parse: (o) => words.parse(o),
    },
  );
  closing.push(() => watched.stop());
  const heard: string[] = [];
  watched.onChange(({ name }, object) =>
    heard.push(`${name}: ${object?.data.word ?? "gone"}`),
  );
  watched.start();
  const has = (expected: Readonly<Record<string, string>>) =>
    until(
      () =>
        JSON.stringify(wordsOf(watched.list())) === JSON.stringify(expected),
      { what: `The cache ${JSON.stringify(expected)}`, timeoutMs: 120_000 },
    );
  const restarted = (reason: string) =>
    until(
      async () => {
        const text = await metrics.registry.getSingleMetricAsString(
          "easymo_operator_watch_restarts_total",
        );
        return text.includes(`reason="${reason}"`);
      },
      { what: `A watch that ${reason}`, timeoutMs: 120_000 },
    );
  return { watched, heard, has, restarted };
}

function wordsOf(objects: readonly z.infer<typeof words>[]) {
  return Object.fromEntries(
    objects
      .map(({ metadata, data }) => [metadata.name, data.word] as const)
      .sort(([a], [b]) => a.localeCompare(b)),
  );
}

describe("an informer", () => {
  test("lists page by page, then hears of what is made, changed and deleted, through watches that end", async () => {
    const { namespace, write, remove } = await room();
    for (const name of ["a", "b", "c", "d", "e"]) await write(name, "one");
    const { has, watched, heard, restarted } = informer(namespace);
    await has({ a: "one", b: "one", c: "one", d: "one", e: "one" });
    expect(watched.synced()).toBe(true);
    await restarted("ended");
    await write("a", "two");
    await write("f", "one");
    await remove("b");
    await has({ a: "two", c: "one", d: "one", e: "one", f: "one" });
    expect(heard).toContain("b: gone");
    expect(watched.get({ namespace, name: "b" })).toBeUndefined();
  });

  test("misses nothing of what happened while it heard nothing", async () => {
    const { namespace, write, remove } = await room();
    await write("kept", "one");
    await write("changed", "one");
    await write("removed", "one");
    await write("replaced", "one");
    const { has, heard, restarted } = informer(namespace);
    await has({ changed: "one", kept: "one", removed: "one", replaced: "one" });
    line.cut();
    await restarted("failed");
    await write("changed", "two");
    await remove("removed");
    await remove("replaced");
    await write("replaced", "other");
    await write("made", "one");
    heard.length = 0;
    line.mend();
    await has({ changed: "two", kept: "one", made: "one", replaced: "other" });
    expect([...heard].sort()).toEqual([
      "changed: two",
      "made: one",
      "removed: gone",
      "replaced: other",
    ]);
  });

  test("lists again when the server has forgotten where it was (410)", async () => {
    const { namespace, write } = await room();
    await write("a", "one");
    const { has, restarted } = informer(namespace);
    await has({ a: "one" });
    const elsewhere = await room();
    await elsewhere.write("b", "one");
    await elsewhere.write("b", "two");
    await server.compact();
    await restarted("expired");
    await write("a", "two");
    await has({ a: "two" });
  });

  test("goes on when the API server was away", async () => {
    const { namespace, write } = await room();
    await write("a", "one");
    const { has, restarted } = informer(namespace);
    await has({ a: "one" });
    await server.stop();
    await restarted("failed");
    await server.start();
    await write("a", "two");
    await has({ a: "two" });
  }, 180_000);

  test("leaves out what it cannot read, and keeps the rest", async () => {
    const { namespace, write } = await room();
    const { has } = informer(namespace);
    await server.kubectl(["-n", namespace, "create", "configmap", "odd"]);
    await write("a", "one");
    await has({ a: "one" });
  });

  test("takes a kind that the server does not have for nothing, if it may be missing", async () => {
    const { namespace } = await room();
    const watched = new Informer(
      { kubernetes, logger, metrics: createMetrics(), clock: systemClock },
      {
        type: resources.kafkaTopics,
        selection: { namespace },
        parse: (object) => object,
        optional: true,
      },
    );
    closing.push(() => watched.stop());
    watched.start();
    await until(() => watched.synced());
    expect(watched.list()).toEqual([]);
  });
});

describe("the door to the API server", () => {
  test("applies: makes what is missing, owns what it set, takes away what it does not set any more", async () => {
    const { namespace } = await room();
    const base = configMap(namespace, "document", "one");
    await kubernetes.apply(base);
    await kubernetes.apply({ ...base, data: { other: "two" } });
    expect(
      await kubernetes.readConfigMap({ namespace, name: "document" }),
    ).toEqual({ data: { other: "two" }, annotations: {} });
    const raw = await kubernetes.read(configMaps, {
      namespace,
      name: "document",
    });
    expect(raw).toMatchObject({
      metadata: {
        managedFields: [{ manager: "easymo-operator", operation: "Apply" }],
      },
    });
  });

  test("patches metadata alone, and only of the version that was read", async () => {
    const { namespace, write } = await room();
    await write("a", "one");
    const key = { namespace, name: "a" };
    await kubernetes.patchMetadata(configMaps, key, {
      annotations: { "x.test/y": "1" },
      finalizers: ["x.test/keep"],
    });
    await expect(
      kubernetes.patchMetadata(configMaps, key, {
        finalizers: [],
        resourceVersion: "1",
      }),
    ).rejects.toMatchObject({ status: 409, reason: "Conflict" });
    await kubernetes.delete(configMaps, key);
    expect(await kubernetes.read(configMaps, key)).toMatchObject({
      metadata: { annotations: { "x.test/y": "1" } },
    });
    await kubernetes.patchMetadata(configMaps, key, { finalizers: [] });
    expect(await kubernetes.read(configMaps, key)).toBeUndefined();
    await kubernetes.delete(configMaps, key);
  });

  test("deletes only the object that was meant", async () => {
    const { namespace, write } = await room();
    await write("a", "one");
    const key = { namespace, name: "a" };
    await expect(
      kubernetes.delete(configMaps, key, { uid: "another" }),
    ).rejects.toMatchObject({ status: 409 });
    const { metadata } = words.parse(await kubernetes.read(configMaps, key));
    await kubernetes.delete(configMaps, key, { uid: metadata.uid });
    expect(await kubernetes.read(configMaps, key)).toBeUndefined();
  });

  test("applies a status apart from the rest", async () => {
    const { namespace } = await room();
    const pod = {
      apiVersion: pods.apiVersion,
      kind: pods.kind,
      metadata: { name: "p", namespace },
    };
    const status = { ...pod, status: { message: "well" } };
    await expect(kubernetes.applyStatus(status)).rejects.toMatchObject({
      status: 404,
    });
    await kubernetes.create({
      ...pod,
      spec: { containers: [{ name: "c", image: "none" }] },
    });
    await kubernetes.applyStatus(status);
    expect(await kubernetes.read(pods, { namespace, name: "p" })).toMatchObject(
      { status: { message: "well" } },
    );
  });

  test("reads a Secret decoded, and says what is forbidden or missing", async () => {
    const { namespace } = await room();
    await server.kubectl([
      ...["-n", namespace, "create", "secret", "generic", "twilio"],
      "--from-literal=TWILIO_AUTH_TOKEN=s3cret",
    ]);
    const key = { namespace, name: "twilio" };
    expect(await kubernetes.readSecret(key)).toEqual({
      TWILIO_AUTH_TOKEN: "s3cret",
    });
    expect(
      await kubernetes.readSecret({ namespace, name: "none" }),
    ).toBeUndefined();
    const limited = createKubernetes(
      loadKubeConfig(await server.kubeconfigFor(namespace, "clerk")),
    );
    closing.push(() => limited.close());
    await expect(limited.check()).resolves.toBeUndefined();
    await expect(limited.read(secrets, key)).rejects.toMatchObject({
      status: 403,
      reason: "Forbidden",
    });
  });

  test("says that nobody answers", async () => {
    line.cut();
    await expect(kubernetes.check()).rejects.toThrow(
      /The API server did not answer GET \/readyz/,
    );
  });
});

test("events show in kubectl describe, the same again as a count", async () => {
  const { namespace, write } = await room();
  await write("a", "one");
  const { metadata } = words.parse(
    await kubernetes.read(configMaps, { namespace, name: "a" }),
  );
  const recorder = new KubernetesEventRecorder({
    kubernetes,
    instance: "operator-1",
    logger,
    metrics: createMetrics(),
    clock: systemClock,
  });
  const target = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { ...metadata, namespace },
  };
  for (let times = 0; times < 2; times += 1)
    recorder.record(target, {
      type: "Warning",
      reason: "AddressInUse",
      message: "Another channel has +250780000001.",
    });
  await recorder.flush();
  const shown = await server.kubectl(["-n", namespace, "describe", "cm", "a"]);
  expect(shown).toMatch(
    /Warning +AddressInUse +.*\(x2 over .*bridges.easymo.dev\/operator.* Another channel has \+250780000001\./,
  );
});

test("a Lease that was left is nobody's, and the next replica leads", async () => {
  const { namespace } = await room();
  const elect = (identity: string) => {
    const election = new LeaderElection({
      kubernetes,
      lease: { namespace, name: "easymo-operator" },
      identity,
      logger,
      metrics: createMetrics(),
      clock: systemClock,
    });
    closing.push(() => election.stop());
    election.start(
      ({ signal }) =>
        new Promise((ended) => signal.addEventListener("abort", () => ended())),
    );
    return election;
  };
  const first = elect("first");
  await until(() => first.isLeader());
  const second = elect("second");
  await first.stop();
  await until(() => second.isLeader(), { timeoutMs: 120_000 });
  expect(
    await server.kubectl([
      ...["-n", namespace, "get", "lease", "easymo-operator", "-o"],
      "jsonpath={.spec.holderIdentity} {.spec.leaseTransitions}",
    ]),
  ).toBe("second 1");
});
