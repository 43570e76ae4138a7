import { describe, expect, test } from "@jest/globals";
import { createLogger, createMetrics, ManualClock } from "@easymo/service-kit";
import fc from "fast-check";
import { RecordingKubernetes } from "../testing/recording-kubernetes.js";
import { KubernetesError, NotLeaderError } from "./errors.js";
import type { Kubernetes, ObjectToWrite } from "./kubernetes.js";
import {
  electionTimes,
  LeaderElection,
  type LeadersTerm,
} from "./leader-election.js";
import { resources, type ResourceType } from "./resources.js";
import type { ObjectKey } from "./object-key.js";

const lease = { namespace: "desk", name: "easymo-operator" };
const logger = createLogger({ name: "test", level: "silent" });

interface Replica {
  readonly election: LeaderElection;
  readonly terms: LeadersTerm[];
  /** The turn of leading that it is in; what was begun in it ends when the term does. */
  leading(): boolean;
  /** Whether what leads is also what says so. */
  agrees(): boolean;
}

function replica(
  kubernetes: Kubernetes,
  identity: string,
  clock: ManualClock,
): Replica {
  const metrics = createMetrics();
  const election = new LeaderElection({
    kubernetes,
    lease,
    identity,
    logger,
    metrics,
    clock,
    random: () => 0.5,
  });
  const terms: LeadersTerm[] = [];
  election.start(
    (term) =>
      new Promise((ended) => {
        terms.push(term);
        term.signal.addEventListener("abort", () => ended());
        if (term.signal.aborted) ended();
      }),
  );
  return {
    election,
    terms,
    leading: () => election.isLeader(),
    agrees: () =>
      election.isLeader() === (terms.at(-1)?.signal.aborted === false),
  };
}

/** A way to the API server that can be cut: what was under way is not answered. */
class Way {
  cut = false;
  /** The server takes writes, and its answers are lost. */
  deaf = false;
  /** Answers come so much later. */
  slowMs = 0;
  readonly door: Kubernetes;

  constructor(server: Kubernetes, clock: ManualClock) {
    const pass = async <T>(work: () => Promise<T>): Promise<T> => {
      if (this.cut) throw new KubernetesError("no way");
      const answer = await work();
      const { slowMs } = this;
      if (slowMs > 0)
        await new Promise<void>((come) => clock.setTimeout(come, slowMs));
      if (this.deaf) throw new KubernetesError("no answer");
      return answer;
    };
    this.door = Object.assign(new RecordingKubernetes(), {
      read: (type: ResourceType, key: ObjectKey) =>
        pass(() => server.read(type, key)),
      create: (object: ObjectToWrite) => pass(() => server.create(object)),
      replace: (object: ObjectToWrite) => pass(() => server.replace(object)),
    });
  }
}

async function stop(...replicas: readonly Replica[]): Promise<void> {
  await Promise.all(replicas.map(({ election }) => election.stop()));
}

describe("an election by a Lease", () => {
  test("is won by one of two, who keeps it", async () => {
    const clock = new ManualClock();
    const server = new RecordingKubernetes();
    const [a, b] = [replica(server, "a", clock), replica(server, "b", clock)];
    await clock.advanceAsync(120_000);
    expect([a.terms.length, b.terms.length].sort()).toEqual([0, 1]);
    const leader = a.terms.length === 1 ? a : b;
    expect(leader.leading()).toBe(true);
    expect(() => leader.terms[0]?.assertLeader()).not.toThrow();
    expect(server.object(resources.leases, lease)).toMatchObject({
      spec: {
        holderIdentity: a === leader ? "a" : "b",
        leaseDurationSeconds: 12,
        leaseTransitions: 0,
      },
    });
    await stop(a, b);
  });

  test("goes to the other within 14 s when the leader falls silent", async () => {
    const clock = new ManualClock();
    const server = new RecordingKubernetes();
    const way = new Way(server, clock);
    const a = replica(way.door, "a", clock);
    await clock.advanceAsync(100);
    const b = replica(server, "b", clock);
    await clock.advanceAsync(30_000);
    expect([a.leading(), b.leading()]).toEqual([true, false]);
    way.cut = true;
    await clock.advanceAsync(14_000);
    expect([a.leading(), b.leading()]).toEqual([false, true]);
    expect(server.object(resources.leases, lease)).toMatchObject({
      spec: { holderIdentity: "b", leaseTransitions: 1 },
    });
    await stop(a, b);
  });

  test("is over for a leader that cannot renew, well before another can win it", async () => {
    const clock = new ManualClock();
    const way = new Way(new RecordingKubernetes(), clock);
    const a = replica(way.door, "a", clock);
    await clock.advanceAsync(100);
    const [term] = a.terms;
    way.cut = true;
    await clock.advanceAsync(electionTimes.leadMs);
    expect(term?.signal.aborted).toBe(true);
    expect(() => term?.assertLeader()).toThrow(NotLeaderError);
    way.cut = false;
    await clock.advanceAsync(10_000);
    expect(a.terms).toHaveLength(2);
    // What was begun in the first term may not write in the second.
    expect(() => term?.assertLeader()).toThrow(NotLeaderError);
    expect(() => a.terms[1]?.assertLeader()).not.toThrow();
    await stop(a);
  });

  test("is not led on by an answer that comes when the term is over", async () => {
    const clock = new ManualClock();
    const way = new Way(new RecordingKubernetes(), clock);
    const a = replica(way.door, "a", clock);
    await clock.advanceAsync(100);
    way.slowMs = 3_500;
    for (let passedMs = 0; passedMs < 30_000; passedMs += 500) {
      await clock.advanceAsync(500);
      expect(a.agrees()).toBe(true);
    }
    expect(a.terms.length).toBeGreaterThan(1);
    way.slowMs = 0;
    await clock.advanceAsync(20_000);
    expect([a.leading(), a.agrees()]).toEqual([true, true]);
    await stop(a);
  });

  test("is won at once when the leader leaves in order", async () => {
    const clock = new ManualClock();
    const server = new RecordingKubernetes();
    const a = replica(server, "a", clock);
    await clock.advanceAsync(100);
    const b = replica(server, "b", clock);
    await clock.advanceAsync(5_000);
    await stop(a);
    await clock.advanceAsync(1_100);
    expect(b.leading()).toBe(true);
    await stop(b);
  });

  test("leaves the lease only when everything that the leader began has ended", async () => {
    const clock = new ManualClock();
    const server = new RecordingKubernetes();
    let end = (): void => undefined;
    const election = new LeaderElection({
      kubernetes: server,
      lease,
      identity: "a",
      logger,
      metrics: createMetrics(),
      clock,
    });
    election.start(() => new Promise((ended) => (end = () => ended())));
    await clock.advanceAsync(100);
    const stopped = election.stop();
    await clock.advanceAsync(1_000);
    const held = { spec: { holderIdentity: "a" } };
    expect(server.object(resources.leases, lease)).toMatchObject(held);
    end();
    await stopped;
    expect(server.object(resources.leases, lease)).not.toMatchObject(held);
  });

  test("is resumed at once by a replica of the same name: it was started again", async () => {
    const clock = new ManualClock();
    const server = new RecordingKubernetes();
    const way = new Way(server, clock);
    const before = replica(way.door, "a", clock);
    await clock.advanceAsync(100);
    way.cut = true;
    const after = replica(server, "a", clock);
    await clock.advanceAsync(100);
    expect(after.leading()).toBe(true);
    way.cut = false;
    await stop(after, before);
  });

  test("shows as a metric who leads", async () => {
    const clock = new ManualClock();
    const metrics = createMetrics();
    const election = new LeaderElection({
      kubernetes: new RecordingKubernetes(),
      lease,
      identity: "a",
      logger,
      metrics,
      clock,
    });
    const shown = () =>
      metrics.registry.getSingleMetricAsString("easymo_operator_leader");
    expect(await shown()).toContain("easymo_operator_leader 0");
    election.start(
      ({ signal }) =>
        new Promise((ended) => signal.addEventListener("abort", () => ended())),
    );
    await clock.advanceAsync(100);
    expect(await shown()).toContain("easymo_operator_leader 1");
    await election.stop();
  });

  test("never has two leaders, however ways to the API server fail and heal", async () => {
    const weather = fc.record({
      who: fc.nat(2),
      way: fc.constantFrom("cut", "deaf", "slow", "open"),
      forMs: fc.nat(9_000),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(weather, { minLength: 1, maxLength: 15 }),
        async (days) => {
          const clock = new ManualClock();
          const server = new RecordingKubernetes();
          const ways = [0, 1, 2].map(() => new Way(server, clock));
          const replicas = ways.map(({ door }, at) =>
            replica(door, `replica-${at}`, clock),
          );
          for (const { who, way: state, forMs } of days) {
            const way = ways[who];
            if (way === undefined) continue;
            way.cut = state === "cut";
            way.deaf = state === "deaf";
            way.slowMs = state === "slow" ? 3_500 : 0;
            for (let passedMs = 0; passedMs < forMs; passedMs += 250) {
              await clock.advanceAsync(250);
              expect(
                replicas.filter((one) => one.leading()).length,
              ).toBeLessThanOrEqual(1);
              expect(replicas.every((one) => one.agrees())).toBe(true);
            }
          }
          for (const way of ways)
            Object.assign(way, { cut: false, deaf: false, slowMs: 0 });
          await clock.advanceAsync(30_000);
          expect(replicas.filter((one) => one.leading())).toHaveLength(1);
          await stop(...replicas);
        },
      ),
      { numRuns: 25 },
    );
  });
});
