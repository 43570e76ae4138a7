import { describe, expect, test } from "@jest/globals";
import { createLogger, createMetrics, ManualClock } from "@easymo/service-kit";
import type { Agent, Channel } from "../api/index.js";
import {
  KubernetesError,
  NotLeaderError,
  resources,
  type EventToRecord,
  type ObjectCache,
  type ObjectKey,
  type ReconcileContext,
} from "../runtime/index.js";
import { RecordingKubernetes } from "../testing/recording-kubernetes.js";
import { agentForTest, channelForTest } from "../testing/resources.js";
import {
  parseRoutingConfigMap,
  type MountingPod,
  type RoutingConfigMap,
} from "./observed.js";
import { RoutingReconciler } from "./reconciler.js";

const configMap = { namespace: "easymo", name: "easymo-routing" };
const leader: ReconcileContext = {
  signal: new AbortController().signal,
  assertLeader: () => undefined,
};

/** A cache that knows what it is told and nothing of what is written. */
class StandingCache<T> implements ObjectCache<T> {
  objects: readonly { readonly key: ObjectKey; readonly object: T }[] = [];
  get = ({ namespace, name }: ObjectKey): T | undefined =>
    this.objects.find(
      ({ key }) => key.namespace === namespace && key.name === name,
    )?.object;
  list = (): readonly T[] => this.objects.map(({ object }) => object);
  keys = (): readonly ObjectKey[] => this.objects.map(({ key }) => key);
  synced = (): boolean => true;
  onChange = (): (() => void) => () => undefined;

  set(...objects: readonly (T & { readonly metadata: ObjectKey })[]): void {
    this.objects = objects.map((object) => ({ key: object.metadata, object }));
  }
}

function setUp(channels: readonly Channel[]) {
  const clock = new ManualClock();
  const kubernetes = new RecordingKubernetes();
  const agents = new StandingCache<Agent>();
  const channelCache = new StandingCache<Channel>();
  const routing = new StandingCache<RoutingConfigMap>();
  const pods = new StandingCache<MountingPod>();
  const told: EventToRecord[] = [];
  agents.set(agentForTest());
  channelCache.set(...channels);
  for (const object of [agentForTest(), ...channels]) {
    const { resourceVersion: _, ...metadata } = object.metadata;
    kubernetes.put({ ...object, metadata });
  }
  const reconciler = new RoutingReconciler({
    ...{ kubernetes, agents, routing, pods, clock, configMap },
    channels: channelCache,
    words: new StandingCache(),
    events: { record: (_, event) => void told.push(event) },
    logger: createLogger({
      name: "operator",
      level: "fatal",
      destination: { write: () => undefined },
    }),
    metrics: createMetrics(),
    releaseName: "easymo",
  });
  return { clock, kubernetes, reconciler, routing, pods, told };
}

describe("the routing reconciler", () => {
  test("does not write again what its caches do not know of yet", async () => {
    const { reconciler, kubernetes, told } = setUp([channelForTest()]);
    await reconciler.reconcile(configMap, leader);
    expect(
      kubernetes.writes.map(({ verb, kind }) => `${verb} ${kind}`),
    ).toEqual(["apply ConfigMap", "applyStatus Agent", "applyStatus Channel"]);
    expect(told.map(({ reason }) => reason)).toEqual(["Accepted", "Accepted"]);
    await reconciler.reconcile(configMap, leader);
    expect(kubernetes.writes).toHaveLength(3);
    expect(told).toHaveLength(2);
  });

  test("writes nothing when it does not lead", async () => {
    const { reconciler, kubernetes } = setUp([channelForTest()]);
    const nobody: ReconcileContext = {
      ...leader,
      assertLeader: () => {
        throw new NotLeaderError();
      },
    };
    await expect(reconciler.reconcile(configMap, nobody)).rejects.toThrow(
      NotLeaderError,
    );
    expect(kubernetes.writes).toEqual([]);
  });

  test("leaves the rest for later when telling everybody takes long: a change need not wait for it", async () => {
    const channels = Array.from({ length: 40 }, (_, at) =>
      channelForTest(
        { name: `desk-${at}` },
        { twilio: { number: `+2507800000${String(at).padStart(2, "0")}` } },
      ),
    );
    const { reconciler, kubernetes, clock } = setUp(channels);
    const apply = kubernetes.applyStatus.bind(kubernetes);
    kubernetes.applyStatus = (...parameters) => {
      clock.advance(200);
      return apply(...parameters);
    };
    const first = await reconciler.reconcile(configMap, leader);
    expect(first?.requeueAfterMs).toBe(1);
    expect(kubernetes.writes.length).toBeLessThan(30);
    let looks = 1;
    while ((await reconciler.reconcile(configMap, leader)) !== undefined)
      looks += 1;
    expect(looks).toBeGreaterThan(1);
    const statuses = kubernetes.writes.filter(
      ({ verb }) => verb === "applyStatus",
    );
    expect(new Set(statuses.map(({ key }) => key.name)).size).toBe(41);
    expect(statuses).toHaveLength(41);
  });

  test("takes no harm from what has gone meanwhile, and tells the others before it reports a failure", async () => {
    const { reconciler, kubernetes } = setUp([
      channelForTest({ name: "a" }),
      channelForTest({ name: "b" }, { sip: { uri: "sip:b@b.example" } }),
    ]);
    kubernetes.refuseNext(
      "applyStatus",
      new KubernetesError("gone", { status: 404, reason: "NotFound" }),
    );
    kubernetes.refuseNext(
      "applyStatus",
      new KubernetesError("no", { status: 500, reason: "InternalError" }),
    );
    await expect(reconciler.reconcile(configMap, leader)).rejects.toThrow("no");
    expect(
      kubernetes.writes.filter(({ verb }) => verb === "applyStatus"),
    ).toHaveLength(1);
  });

  test("tells a pod once, though it has gone, and does not tell the same again", async () => {
    const { reconciler, kubernetes, pods, routing } = setUp([]);
    pods.set({
      metadata: { ...configMap, name: "gone", uid: "1" },
      hash: undefined,
      configMaps: [configMap.name],
    });
    await reconciler.reconcile(configMap, leader);
    expect(kubernetes.writes.map(({ kind }) => kind)).toEqual([
      "ConfigMap",
      "Agent",
    ]);
    const written = kubernetes.object(resources.configMaps, configMap);
    const now = parseRoutingConfigMap(written);
    routing.set(now);
    pods.set({
      metadata: { ...configMap, name: "told", uid: "2" },
      hash: now.hash,
      configMaps: [configMap.name],
    });
    await reconciler.reconcile(configMap, leader);
    expect(kubernetes.writes).toHaveLength(2);
  });
});
