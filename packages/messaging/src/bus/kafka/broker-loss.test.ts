import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startKafkaCluster, until, type KafkaCluster } from "@easymo/testbed";
import { range, testDependencies, testRecord } from "../../test-support.js";
import type { ReceivedRecord } from "../bus.js";
import { createBus } from "../create-bus.js";

const RECORDS = 50_000;
const KEYS = 500;
const TOPIC = "loss";

describe("three brokers, one of which is killed", () => {
  let cluster: KafkaCluster;

  beforeAll(async () => {
    cluster = await startKafkaCluster({ brokers: 3 });
    await cluster.createTopic(TOPIC, {
      partitions: 6,
      replicas: 3,
      config: { "min.insync.replicas": "2" },
    });
  });
  afterAll(() => cluster.stop());

  test("every acknowledged record is there, in the order of its key, and a repeat is the same event", async () => {
    const bus = createBus(
      { brokers: cluster.brokers, clientId: "loss", ssl: false },
      testDependencies(),
    );
    const acknowledged = new Set<string>();
    const refused: unknown[] = [];
    const publishing: Promise<void>[] = [];
    let killed: Promise<void> | undefined;
    for (const n of range(RECORDS)) {
      const record = testRecord(TOPIC, `call-${n % KEYS}`, `${n}`);
      const published = bus
        .publish([record], { timeoutMs: 60_000 })
        .then(() => void acknowledged.add(`${n}`))
        .catch((error: unknown) => void refused.push(error));
      publishing.push(published);
      // As many callers at once as a busy service has, not one heap of everything.
      if (n % 1_000 === 999) await Promise.race(publishing.slice(-1_000));
      if (n === RECORDS / 2) killed = cluster.kill9(2);
    }
    await Promise.all(publishing);
    await killed;
    expect(refused).toEqual([]);
    expect(acknowledged.size).toBe(RECORDS);

    const received: ReceivedRecord[] = [];
    const subscription = await bus.subscribe({
      group: "reader",
      topics: [TOPIC],
      fromBeginning: true,
      onRecords: ({ records }) => received.push(...records),
    });
    await until(
      () => new Set(received.map((r) => r.headers.ce_id)).size === RECORDS,
      { timeoutMs: 60_000, everyMs: 250, what: "Every record" },
    );
    await subscription.stop();
    await bus.close();

    const firsts = new Map<string, number[]>();
    const seen = new Set<string>();
    for (const { key, headers } of received) {
      const id = headers.ce_id ?? "";
      if (seen.has(id)) continue;
      seen.add(id);
      firsts.set(key, [...(firsts.get(key) ?? []), Number(id)]);
    }
    const repeats = received.length - RECORDS;
    // The producer is idempotent: the broker knows a batch that is sent again.
    expect(repeats).toBe(0);
    for (const [key, ids] of firsts) {
      const first = Number(key.slice("call-".length));
      expect(ids).toEqual(range(RECORDS / KEYS).map((n) => first + n * KEYS));
    }
  }, 180_000);
});
