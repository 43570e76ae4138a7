import { expect, test } from "@jest/globals";
import { randomName, until } from "@easymo/testbed";
import type { ReceivedRecord } from "../../bus/bus.js";
import { createMemoryStore } from "../../store/memory-store.js";
import {
  gate,
  range,
  testDependencies,
  testRecord,
} from "../../test-support.js";
import type { ConsumerSuite } from "./consumer-suite.js";

/** In which order events are handled, how often, and what is counted. */
export function describeHandling({
  newTopic,
  publish,
  consume,
}: ConsumerSuite): void {
  test("events of a key are handled one at a time and in order, those of different keys at the same time", async () => {
    const topic = await newTopic(1);
    const handled: string[] = [];
    const running = new Set<string>();
    let most = 0;
    let overlaps = 0;
    const all = gate();
    await publish(
      range(60).map((n) => testRecord(topic, `call-${n % 6}`, `${n}`)),
    );
    await consume({
      group: randomName(),
      topics: [topic],
      concurrency: 4,
      handler: async (event, { record }) => {
        if (running.has(record.key)) overlaps += 1;
        running.add(record.key);
        most = Math.max(most, running.size);
        await new Promise((resolve) => setImmediate(resolve));
        running.delete(record.key);
        handled.push(event.id);
        if (handled.length === 60) all.open();
      },
    });
    await all.opened;
    expect(overlaps).toBe(0);
    expect(most).toBe(4);
    for (const key of range(6)) {
      const ofKey = handled.filter((id) => Number(id) % 6 === key);
      expect(ofKey).toEqual(
        range(60)
          .filter((n) => n % 6 === key)
          .map(String),
      );
    }
  });

  test("a slow key holds up its own events only, and the offset of nobody's unfinished event is committed", async () => {
    const topic = await newTopic(1);
    const group = randomName();
    const slow = gate();
    const handled: string[] = [];
    await publish([
      testRecord(topic, "slow", "0"),
      ...range(10).map((n) => testRecord(topic, "fast", `${n + 1}`)),
    ]);
    const handler = async (
      event: { id: string },
      { record }: { record: ReceivedRecord },
    ) => {
      if (record.key === "slow") await slow.opened;
      handled.push(event.id);
    };
    const consumer = await consume({ group, topics: [topic], handler });
    await until(() => handled.length === 10);
    const lagOf = async (): Promise<number | undefined> =>
      (await consumer.lag()).find((lag) => lag.topic === topic)?.lag;
    expect(await lagOf()).toBe(11);
    slow.open();
    await until(async () => (await lagOf()) === 0);
    expect(handled).toEqual([...range(10).map((n) => `${n + 1}`), "0"]);
  });

  test("with a store, an event that is on the topic twice is handled once, also when its first attempt failed", async () => {
    const topic = await newTopic(2);
    const group = randomName();
    const { idempotency } = createMemoryStore();
    const handled: string[] = [];
    const metrics = testDependencies().metrics;
    await publish(
      ["a", "b", "a", "b", "c"].map((id) =>
        testRecord(topic, `call-${id}`, id),
      ),
    );
    await consume({
      group,
      topics: [topic],
      handled: idempotency,
      metrics,
      handler: (event, { attempt }) => {
        if (event.id === "b" && attempt === 1)
          return Promise.reject(new Error("once"));
        handled.push(event.id);
        return Promise.resolve();
      },
    });
    const outcomes = async (): Promise<Record<string, number>> => {
      const metric = await metrics.registry
        .getSingleMetric("easymo_bus_handled_total")
        ?.get();
      return Object.fromEntries(
        (metric?.values ?? []).map(({ labels, value }) => [
          String(labels.outcome),
          value,
        ]),
      );
    };
    await until(async () => {
      const { ok = 0, duplicate = 0 } = await outcomes();
      return ok === 3 && duplicate >= 1 && ok + duplicate >= 5;
    });
    expect([...handled].sort()).toEqual(["a", "b", "c"]);
  });

  test("more than fits is waited with: reading pauses while handlers are behind, and nothing is lost", async () => {
    const topic = await newTopic(1);
    const start = gate();
    let handled = 0;
    await publish(range(3_000).map((n) => testRecord(topic, `k${n}`, `${n}`)));
    const consumer = await consume({
      group: randomName(),
      topics: [topic],
      concurrency: 8,
      handler: async () => {
        await start.opened;
        handled += 1;
      },
    });
    start.open();
    await until(() => handled >= 3_000, { timeoutMs: 20_000 });
    await until(async () =>
      (await consumer.lag()).every(
        ({ lag, topic: of }) => of !== topic || lag === 0,
      ),
    );
    expect(handled).toBe(3_000);
  });

  test("the metrics say what became of the events, and the gauge how many wait", async () => {
    const topic = await newTopic(1);
    const group = randomName();
    const { metrics } = testDependencies();
    await publish([
      testRecord(topic, "a", "fine"),
      testRecord(topic, "b", "bad"),
    ]);
    await consume({
      group,
      topics: [topic],
      metrics,
      retryDelaysMs: [10],
      handler: (event) =>
        event.id === "bad"
          ? Promise.reject(new Error("no"))
          : Promise.resolve(),
    });
    const expected = [
      `easymo_bus_handled_total{topic="${topic}",outcome="ok"} 1`,
      `easymo_bus_handled_total{topic="${topic}",outcome="retried"} 1`,
      `easymo_bus_handled_total{topic="${topic}",outcome="dead_letter"} 1`,
      `easymo_bus_retries_total{topic="${topic}"} 1`,
      `easymo_bus_dead_letters_total{topic="${topic}"} 1`,
      `easymo_bus_handle_seconds_count{topic="${topic}"} 3`,
      `easymo_bus_consumer_lag{group="${group}",topic="${topic}",partition="0"} 0`,
    ];
    await until(async () => {
      const text = await metrics.registry.metrics();
      return expected.every((line) => text.includes(line));
    });
  });
}
