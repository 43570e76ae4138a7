import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  randomName,
  redisUrl,
  startRedis,
  until,
  type OwnRedis,
} from "@easymo/testbed";
import { testDependencies } from "../../test-support.js";
import { describeStore } from "../conformance.js";
import { createStore } from "../create-store.js";
import type { Store } from "../store.js";

describeStore("the store on Redis", async () =>
  createStore(await redisUrl(), {
    ...testDependencies(),
    prefix: `${randomName()}:`,
  }),
);

describe("the store on a Redis that goes and comes", () => {
  let redis: OwnRedis;
  let store: Store;
  beforeAll(async () => {
    redis = await startRedis();
    store = createStore(redis.url, testDependencies());
    await store.check();
  });
  afterAll(async () => {
    await store.close();
    await redis.stop();
  });

  const claim = (key: string) =>
    store.idempotency.claim(key, { fingerprint: "f", leaseMs: 60_000 });

  test("that answered while this process stood still is read, not called silent", async () => {
    await store.keyValue.set("still", "there", { ttlMs: 60_000 });
    const asked = store.keyValue.get("still");
    // Commands leave at the end of a turn: in the one after, this one is on its way.
    for (let turn = 0; turn < 2; turn++)
      await new Promise((resolve) => setImmediate(resolve));
    // Nothing of the process runs until long after the question's time.
    const startedMs = performance.now();
    while (performance.now() - startedMs < 1_500);
    expect(await asked).toBe("there");
  });

  test("killed: every call fails within about a second and says so; back: everything works again by itself", async () => {
    await redis.kill();
    const startedMs = performance.now();
    const calls = [
      store.check(),
      claim("k"),
      store.keyValue.get("k"),
      store.keyValue.compareAndSet("k", undefined, "v", { ttlMs: 1_000 }),
    ];
    const results = await Promise.allSettled(calls);
    expect(performance.now() - startedMs).toBeLessThan(30_000);
    for (const result of results) {
      expect(result).toMatchObject({
        status: "rejected",
        reason: {
          name: "StoreUnavailableError",
          code: "store_unavailable",
          retryable: true,
        },
      });
    }
    await redis.restart();
    await until(() => store.check().then(() => true), { timeoutMs: 120_000 });
    expect((await claim("k")).outcome).toBe("claimed");
  });

  test("silent: calls fail within about a second, and a claim that was carried out meanwhile is given back", async () => {
    await store.check();
    redis.freeze();
    const startedMs = performance.now();
    await expect(claim("frozen")).rejects.toMatchObject({
      code: "store_unavailable",
    });
    expect(performance.now() - startedMs).toBeLessThan(30_000);
    redis.thaw();
    // Long before its lease ends.
    await until(async () => (await claim("frozen")).outcome === "claimed", {
      timeoutMs: 30_000,
    });
  });

  test("killed and back: a listener hears again by itself, and one that began meanwhile as well", async () => {
    const heard: string[] = [];
    const before = store.broadcasts.listen("c", (m) => heard.push(`1:${m}`));
    await before.ready;
    await redis.kill();
    const meanwhile = store.broadcasts.listen("c", (m) => heard.push(`2:${m}`));
    await expect(store.broadcasts.send("c", "away")).rejects.toMatchObject({
      code: "store_unavailable",
    });
    await redis.restart();
    await meanwhile.ready;
    await until(
      () =>
        store.broadcasts.send("c", "back").then(
          (listeners) => listeners === 2,
          () => false,
        ),
      { timeoutMs: 120_000 },
    );
    await until(() => heard.includes("1:back") && heard.includes("2:back"));
    await Promise.all([before.end(), meanwhile.end()]);
  });

  test("restarted without its scripts, it is given them again", async () => {
    expect((await claim(randomName())).outcome).toBe("claimed");
    await redis.restart();
    await until(() => store.check().then(() => true), { timeoutMs: 120_000 });
    expect((await claim(randomName())).outcome).toBe("claimed");
  });

  test("a store for an address where nothing is can be made, and closed", async () => {
    const nowhere = createStore("redis://127.0.0.1:1", testDependencies());
    await expect(nowhere.check()).rejects.toMatchObject({
      code: "store_unavailable",
    });
    await nowhere.close();
  });
});
