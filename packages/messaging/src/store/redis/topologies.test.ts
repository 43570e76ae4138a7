import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  startRedisCluster,
  startRedisSentinel,
  until,
  type RedisTopology,
} from "@easymo/testbed";
import { range, testDependencies } from "../../test-support.js";
import { describeStore } from "../conformance.js";
import { createStore } from "../create-store.js";
import type { Store } from "../store.js";
import { parseRedisAddress } from "./address.js";
import { slotOf } from "./slots.js";

const LEASE_MS = 60_000;
const DAY_MS = 86_400_000;

describe.each<[string, () => Promise<RedisTopology>]>([
  ["a Redis Cluster", startRedisCluster],
  ["a Redis that sentinels watch over", startRedisSentinel],
])("%s", (name, start) => {
  let servers: RedisTopology;
  let store: Store;
  beforeAll(async () => {
    servers = await start();
    store = createStore(servers.url, testDependencies());
    await until(() => store.check().then(() => true));
  });
  afterAll(async () => {
    await store.close();
    await servers.stop();
  });

  describeStore(`the store on ${name}`, async () => {
    const own = createStore(servers.url, testDependencies());
    await until(() => own.check().then(() => true));
    return own;
  });

  // Last: afterwards a server is missing.
  test("whose master is killed gives way to its replica: answers are kept, and everything works again by itself", async () => {
    const keys = range(100).map((n) => `key-${n}`);
    const claim = (key: string) =>
      store.idempotency.claim(key, { fingerprint: "f", leaseMs: LEASE_MS });
    for (const key of keys) {
      const claimed = await claim(key);
      if (claimed.outcome !== "claimed") throw new Error(claimed.outcome);
      await store.idempotency.confirm(key, claimed.token, {
        answer: key,
        ttlMs: DAY_MS,
      });
    }
    const heard: string[] = [];
    const listening = store.broadcasts.listen("c", (m) => heard.push(m));
    await listening.ready;
    await servers.replicated();

    const failing = servers.failOver();
    // What is asked meanwhile is answered or refused, never left hanging.
    const meanwhile = await Promise.allSettled(
      keys.map((key) => claim(`meanwhile-${key}`)),
    );
    for (const result of meanwhile)
      if (result.status === "rejected")
        expect(result.reason).toMatchObject({ code: "store_unavailable" });
    await failing;

    await until(() => store.check().then(() => true), { timeoutMs: 120_000 });
    for (const key of keys)
      expect(await until(() => claim(key), { timeoutMs: 120_000 })).toEqual({
        outcome: "done",
        answer: key,
      });
    // One that was on its way when the connection was made anew is asked again.
    for (const key of keys)
      await until(
        async () => (await claim(`after-${key}`)).outcome === "claimed",
        { timeoutMs: 120_000 },
      );
    await until(
      () =>
        store.broadcasts.send("c", "back").then(
          () => heard.includes("back"),
          () => false,
        ),
      { timeoutMs: 120_000 },
    );
    await listening.end();
  });
});

describe.each<[string, () => Promise<RedisTopology>]>([
  ["a Redis Cluster", () => startRedisCluster({ tls: true })],
  [
    "a Redis that sentinels watch over",
    () => startRedisSentinel({ tls: true }),
  ],
])("%s, by TLS alone,", (_name, start) => {
  const trusted = getCACertificates("default");
  let servers: RedisTopology;
  let certificate: string;
  let store: Store | undefined;
  beforeAll(async () => {
    servers = await start();
    certificate = servers.certificate ?? "";
  });
  afterAll(async () => {
    // Also when the test that opened it failed: what listens would keep the process.
    await store?.close();
    setDefaultCACertificates(trusted);
    await servers.stop();
  });

  const refusal = async (url: string) => {
    const store = createStore(url, testDependencies());
    try {
      return await store.check().then(
        () => "it was let in",
        (error: unknown) => error,
      );
    } finally {
      await store.close();
    }
  };

  test("is not reached in clear, nor by who does not trust its certificate", async () => {
    expect(servers.url).toMatch(/^rediss\+/);
    for (const url of [servers.url, servers.url.replace("rediss", "redis")])
      expect(await refusal(url)).toMatchObject({ code: "store_unavailable" });
  });

  test("keeps what was answered, tells everyone who listens, and does so still when its master is killed", async () => {
    setDefaultCACertificates([...trusted, certificate]);
    const own = createStore(servers.url, testDependencies());
    store = own;
    await until(() => own.check().then(() => true));
    const { idempotency, broadcasts } = own;
    const keys = range(30).map((n) => `key-${n}`);
    const claim = (key: string) =>
      idempotency.claim(key, { fingerprint: "f", leaseMs: LEASE_MS });
    for (const key of keys) {
      const claimed = await claim(key);
      if (claimed.outcome !== "claimed") throw new Error(claimed.outcome);
      const kept = { answer: key, ttlMs: DAY_MS };
      expect(await idempotency.confirm(key, claimed.token, kept)).toBe(true);
    }
    const heard: string[] = [];
    const listening = broadcasts.listen("c", (m) => heard.push(m));
    await listening.ready;
    const isHeard = (word: string) =>
      until(
        () =>
          broadcasts.send("c", word).then(
            () => heard.includes(word),
            () => false,
          ),
        { timeoutMs: 120_000 },
      );
    await isHeard("before");
    await servers.replicated();
    await servers.failOver();
    await until(() => own.check().then(() => true), { timeoutMs: 120_000 });
    for (const key of keys)
      expect(await until(() => claim(key), { timeoutMs: 120_000 })).toEqual({
        outcome: "done",
        answer: key,
      });
    await isHeard("after");
    await listening.end();
  });
});

describe("an address", () => {
  test("may be of one server, of a cluster, or of sentinels", () => {
    expect(parseRedisAddress("rediss://user:pass@host:6380/2")).toEqual({
      kind: "single",
      url: "rediss://user:pass@host:6380/2",
    });
    expect(
      parseRedisAddress(
        "rediss+cluster://easymo:p%40ss@one:7000,[::1]:7001,two",
      ),
    ).toEqual({
      kind: "cluster",
      servers: [
        { host: "one", port: 7_000 },
        { host: "::1", port: 7_001 },
        { host: "two", port: 6_379 },
      ],
      isEncrypted: true,
      username: "easymo",
      password: "p@ss",
    });
    expect(
      parseRedisAddress(
        "redis+sentinel://:secret@s1,s2:26380/easymo/3?sentinelUsername=watch&sentinelPassword=w%2Fw",
      ),
    ).toEqual({
      kind: "sentinel",
      servers: [
        { host: "s1", port: 26_379 },
        { host: "s2", port: 26_380 },
      ],
      isEncrypted: false,
      username: undefined,
      password: "secret",
      master: "easymo",
      database: 3,
      sentinelUsername: "watch",
      sentinelPassword: "w/w",
    });
  });

  test.each([
    "redis+cluster://",
    "redis+cluster://one:7000/0",
    "redis+cluster://one:70000",
    "redis+cluster://one:7000,",
    "redis+cluster://on e:7000",
    "redis+cluster://%:@one",
    "redis+sentinel://s1:26379",
    "redis+sentinel://s1:26379/",
    "redis+sentinel://s1:26379/easymo/x",
    "redis+ring://one:7000",
    "redis://",
    "http://one",
  ])("is not %p", (text) => {
    expect(parseRedisAddress(text)).toBeUndefined();
    expect(() => createStore(text, testDependencies())).toThrow("REDIS_URL");
  });
});

// https://redis.io/docs/latest/commands/cluster-keyslot/, and the check value of CRC-16/XMODEM.
test.each([
  ["somekey", 11_058],
  ["foo{hash_tag}", 2_515],
  ["bar{hash_tag}", 2_515],
  ["{hash_tag}{other}", 2_515],
  ["123456789", 0x31c3],
])("the key %p is in slot %d", (key, slot) => {
  expect(slotOf(key)).toBe(slot);
});
