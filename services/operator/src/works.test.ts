import { describe, expect, test } from "@jest/globals";
import { createLogger, createMetrics, ManualClock } from "@easymo/service-kit";
import { LeaderElection, type Controller } from "./runtime/index.js";
import { RecordingKubernetes } from "./testing/recording-kubernetes.js";
import { Works } from "./works.js";

const logger = createLogger({ name: "test", level: "silent" });

function works() {
  const clock = new ManualClock();
  const kubernetes = new RecordingKubernetes();
  const said: string[] = [];
  let isSynced = false;
  const informer = {
    start: () => void said.push("watching"),
    stop: () => Promise.resolve(void said.push("not watching")),
    synced: () => isSynced,
  };
  const controller: Controller = {
    name: "one",
    run: ({ signal }) => {
      said.push("working");
      return new Promise((ended) =>
        signal.addEventListener("abort", () => {
          said.push("not working");
          ended();
        }),
      );
    },
  };
  const election = new LeaderElection({
    kubernetes,
    lease: { namespace: "easymo", name: "easymo-operator" },
    identity: "operator-0",
    logger,
    metrics: createMetrics(),
    clock,
  });
  const all = new Works(
    { informers: [informer], controllers: [controller] },
    { election, logger, clock },
  );
  return { all, clock, said, kubernetes, sync: () => (isSynced = true) };
}

describe("what the operator does", () => {
  test("begins only when everything has been seen, and only then it is ready", async () => {
    const { all, clock, said, kubernetes, sync } = works();
    all.start();
    await clock.advanceAsync(60_000);
    expect(said).toEqual(["watching"]);
    expect(kubernetes.writes).toEqual([]);
    await expect(all.checkSynced()).rejects.toThrow(
      "not everything has been listed yet",
    );
    sync();
    await clock.advanceAsync(1_000);
    expect(said).toEqual(["watching", "working"]);
    await expect(all.checkSynced()).resolves.toBeUndefined();
    await all.stop();
  });

  test("ends in order: the work, the lease, the watching", async () => {
    const { all, clock, said, kubernetes, sync } = works();
    sync();
    all.start();
    await clock.advanceAsync(1_000);
    await all.stopLeading();
    expect(said).toEqual(["watching", "working", "not working"]);
    expect(kubernetes.writes.at(-1)).toMatchObject({
      verb: "replace",
      body: { spec: { leaseTransitions: 0 } },
    });
    await all.stop();
    expect(said.at(-1)).toBe("not watching");
  });

  test("ends too when it has not begun", async () => {
    const { all, clock, said } = works();
    all.start();
    await clock.advanceAsync(100);
    await all.stop();
    expect(said).toEqual(["watching", "not watching"]);
    expect(clock.pendingTimers).toBe(0);
  });
});
