import {
  afterAll,
  afterEach,
  beforeAll,
  describe,
  expect,
  test,
} from "@jest/globals";
import { randomName, until } from "@easymo/testbed";
import type { Bus, ReceivedRecord } from "../bus/bus.js";
import type { BusHarness } from "../bus/conformance.js";
import { createMemoryStore } from "../store/memory-store.js";
import { gate, range, testDependencies, testRecord } from "../test-support.js";
import { DeadLetters } from "./test-dead-letters.js";
import { createConsumer } from "./create-consumer.js";
import type { ConsumerOptions, EventConsumer } from "./event-consumer.js";

/** What the consumer runtime promises, on whichever bus. */
export function describeConsumer(
  name: string,
  open: () => Promise<BusHarness>,
): void {
  describe(name, () => {
    let harness: BusHarness;
    let bus: Bus;
    let letters: DeadLetters;
    const consumers: EventConsumer[] = [];

    beforeAll(async () => {
      harness = await open();
      bus = harness.connect();
      letters = await DeadLetters.watch(bus);
    }, 120_000);
    afterEach(async () => {
      await Promise.all(consumers.splice(0).map((consumer) => consumer.stop()));
    });
    afterAll(async () => {
      await bus.close();
      await harness.close();
    });

    const newTopic = async (partitions = 2): Promise<string> => {
      const topic = randomName("consumer");
      await harness.createTopic(topic, partitions);
      return topic;
    };

    const consume = async (
      options: Pick<ConsumerOptions, "group" | "topics" | "handler"> &
        Partial<ConsumerOptions>,
    ): Promise<EventConsumer> => {
      const consumer = createConsumer({
        bus,
        retryDelaysMs: [50, 100],
        ...testDependencies(),
        ...options,
      });
      consumers.push(consumer);
      await consumer.start();
      await consumer.joined();
      return consumer;
    };

    const deadLetters = (
      group: string,
      count: number,
    ): Promise<ReceivedRecord[]> => letters.of(group, count);

    test("events of a key are handled one at a time and in order, those of different keys at the same time", async () => {
      const topic = await newTopic(1);
      const handled: string[] = [];
      const running = new Set<string>();
      let most = 0;
      let overlaps = 0;
      const all = gate();
      await bus.publish(
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
      await bus.publish([
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

    test("a failing event is tried again after growing delays, with what it needs in its headers, then ends in the dead letters", async () => {
      const topic = await newTopic();
      const group = randomName();
      const attempts: {
        attempt: number;
        atMs: number;
        record: ReceivedRecord;
        topic: string;
      }[] = [];
      await bus.publish([testRecord(topic, "call-1", "failing")]);
      await consume({
        group,
        topics: [topic],
        handler: (_event, { attempt, record, topic: origin }) => {
          attempts.push({ attempt, atMs: Date.now(), record, topic: origin });
          return Promise.reject(new Error(`no luck ${attempt}`));
        },
      });
      const [dead] = await deadLetters(group, 1);

      expect(attempts.map((a) => a.attempt)).toEqual([1, 2, 3]);
      expect(attempts.map((a) => a.record.topic)).toEqual([
        topic,
        "broker.retry",
        "broker.retry",
      ]);
      expect(attempts.map((a) => a.topic)).toEqual([topic, topic, topic]);
      expect(attempts[1]?.record.headers).toMatchObject({
        ce_id: "failing",
        "x-origin-topic": topic,
        "x-group": group,
        "x-attempt": "1",
        "x-error": "Error: no luck 1",
      });
      for (const { record, atMs } of attempts.slice(1)) {
        expect(atMs).toBeGreaterThanOrEqual(
          Date.parse(record.headers["x-not-before"] ?? ""),
        );
      }
      const original = testRecord(topic, "call-1", "failing");
      expect(dead).toMatchObject({
        key: "call-1",
        headers: {
          ...original.headers,
          "x-origin-topic": topic,
          "x-attempt": "3",
          "x-error": "Error: no luck 3",
        },
      });
      expect(dead?.value).toEqual(original.value);
    });

    test("an event that fails does not hold up the next of its partition, and is handled when it no longer fails", async () => {
      const topic = await newTopic(1);
      const handled: string[] = [];
      await bus.publish([
        testRecord(topic, "a", "bad"),
        testRecord(topic, "b", "good"),
      ]);
      await consume({
        group: randomName(),
        topics: [topic],
        handler: (event, { attempt }) => {
          if (event.id === "bad" && attempt === 1)
            return Promise.reject(new Error("not yet"));
          handled.push(event.id);
          return Promise.resolve();
        },
      });
      await until(() => handled.length === 2);
      expect(handled).toEqual(["good", "bad"]);
    });

    test("a long delay at the head of the retry topic does not hold up a shorter one behind it", async () => {
      const topic = await newTopic(1);
      const group = randomName();
      const handled: string[] = [];
      const later = new Date(Date.now() + 3_600_000).toISOString();
      const soon = new Date(Date.now() + 100).toISOString();
      const waiting = (id: string, notBefore: string) => {
        const record = testRecord("broker.retry", "same-key", id);
        const retry = {
          "x-origin-topic": topic,
          "x-group": group,
          "x-attempt": "1",
          "x-not-before": notBefore,
        };
        return { ...record, headers: { ...record.headers, ...retry } };
      };
      await bus.publish([waiting("long", later), waiting("short", soon)]);
      await consume({
        group,
        topics: [topic],
        handler: (event) => {
          handled.push(event.id);
          return Promise.resolve();
        },
      });
      await until(() => handled.length > 0);
      expect(handled).toEqual(["short"]);
    });

    test("what nobody can read goes to the dead letters at once, and the rest goes on", async () => {
      const topic = await newTopic(1);
      const group = randomName();
      const handled: string[] = [];
      const good = testRecord(topic, "call-1", "good");
      await bus.publish([
        { ...good, value: Buffer.from("{not json") },
        { ...good, headers: {} },
        { ...good, headers: { ...good.headers, ce_type: "no.such.type" } },
        { ...good, value: Buffer.from(JSON.stringify({ callId: "call-1" })) },
        good,
      ]);
      await consume({
        group,
        topics: [topic],
        handler: (event) => {
          handled.push(event.id);
          return Promise.resolve();
        },
      });
      const dead = await deadLetters(group, 4);
      expect(
        dead.map((r) => /\((\w+)\)/.exec(r.headers["x-error"] ?? "")?.[1]),
      ).toEqual([
        "invalid_json",
        "missing_attribute",
        "unknown_type",
        "invalid_data",
      ]);
      expect(dead.map((r) => r.headers["x-attempt"])).toEqual([
        "1",
        "1",
        "1",
        "1",
      ]);
      await until(() => handled.length === 1);
      expect(handled).toEqual(["good"]);
    });

    test("an error that says trying again is of no use goes to the dead letters at once", async () => {
      const topic = await newTopic(1);
      const group = randomName();
      await bus.publish([testRecord(topic, "call-1", "hopeless")]);
      let calls = 0;
      await consume({
        group,
        topics: [topic],
        handler: () => {
          calls += 1;
          return Promise.reject(
            Object.assign(new Error("422"), { retryable: false }),
          );
        },
      });
      await deadLetters(group, 1);
      expect(calls).toBe(1);
    });

    test("another group's retries are left alone", async () => {
      const topic = await newTopic(1);
      const [one, two] = [randomName(), randomName()];
      const seen: string[] = [];
      await bus.publish([testRecord(topic, "call-1", "x")]);
      const reject =
        (group: string) =>
        (_: unknown, { attempt }: { attempt: number }) => {
          seen.push(`${group} ${attempt}`);
          return group === one
            ? Promise.reject(new Error("no"))
            : Promise.resolve();
        };
      await Promise.all(
        [one, two].map((group) =>
          consume({ group, topics: [topic], handler: reject(group) }),
        ),
      );
      await deadLetters(one, 1);
      expect(seen.filter((line) => line.startsWith(one))).toEqual(
        [1, 2, 3].map((n) => `${one} ${n}`),
      );
      expect(seen.filter((line) => line.startsWith(two))).toEqual([`${two} 1`]);
    });

    test("with a store, an event that is on the topic twice is handled once, also when its first attempt failed", async () => {
      const topic = await newTopic(2);
      const group = randomName();
      const { idempotency } = createMemoryStore();
      const handled: string[] = [];
      const metrics = testDependencies().metrics;
      await bus.publish(
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
      await bus.publish(
        range(3_000).map((n) => testRecord(topic, `k${n}`, `${n}`)),
      );
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

    test("paused, it begins nothing; resumed, it goes on where it was", async () => {
      const topic = await newTopic(1);
      const handled: string[] = [];
      const consumer = await consume({
        group: randomName(),
        topics: [topic],
        handler: (event) => {
          handled.push(event.id);
          return Promise.resolve();
        },
      });
      consumer.pause();
      await bus.publish([testRecord(topic, "call-1", "1")]);
      const other = await consume({
        group: randomName(),
        topics: [topic],
        handler: () => Promise.resolve(),
      });
      await until(async () =>
        (await other.lag()).every(({ lag }) => lag === 0),
      );
      expect(handled).toEqual([]);
      consumer.resume();
      await until(() => handled.length === 1);
    });

    test("stopping waits for what is being handled, commits it, and begins nothing else", async () => {
      const topic = await newTopic(1);
      const group = randomName();
      const started = gate();
      const finish = gate();
      const handled: string[] = [];
      await bus.publish(
        range(3).map((n) => testRecord(topic, "one-key", `${n}`)),
      );
      const consumer = await consume({
        group,
        topics: [topic],
        handler: async (event) => {
          started.open();
          await finish.opened;
          handled.push(event.id);
        },
      });
      await started.opened;
      const stopped = consumer.stop();
      finish.open();
      await stopped;
      expect(handled).toEqual(["0"]);

      await consume({
        group,
        topics: [topic],
        handler: (event) => {
          handled.push(event.id);
          return Promise.resolve();
        },
      });
      await until(() => handled.length === 3);
      expect(handled).toEqual(["0", "1", "2"]);
    });

    test("a handler that outstays the stop has its signal aborted, and its event comes again", async () => {
      const topic = await newTopic(1);
      const group = randomName();
      const started = gate();
      let aborted = false;
      await bus.publish([testRecord(topic, "call-1", "stuck")]);
      const consumer = await consume({
        group,
        topics: [topic],
        stopTimeoutMs: 50,
        handler: (_event, { signal }) =>
          new Promise((_resolve, reject) => {
            started.open();
            signal.addEventListener("abort", () => {
              aborted = true;
              reject(new Error("aborted"));
            });
          }),
      });
      await started.opened;
      await consumer.stop();
      expect(aborted).toBe(true);
      const again = gate();
      await consume({
        group,
        topics: [topic],
        handler: (event, { attempt }) => {
          if (event.id === "stuck" && attempt === 1) again.open();
          return Promise.resolve();
        },
      });
      await again.opened;
    });

    test("a member that joins takes over partitions without anything being handled twice by those that stay", async () => {
      const topic = await newTopic(4);
      const group = randomName();
      const { idempotency } = createMemoryStore();
      const handled: string[] = [];
      const hold = gate();
      const handler = async (event: { id: string }): Promise<void> => {
        await hold.opened;
        handled.push(event.id);
      };
      await bus.publish(
        range(40).map((n) => testRecord(topic, `k${n}`, `${n}`)),
      );
      const options = {
        group,
        topics: [topic],
        handler,
        handled: idempotency,
        concurrency: 64,
      };
      const first = await consume(options);
      const second = await consume(options);
      hold.open();
      await until(async () => {
        const lags = [...(await first.lag()), ...(await second.lag())].filter(
          (lag) => lag.topic === topic,
        );
        return lags.length === 4 && lags.every(({ lag }) => lag === 0);
      });
      expect([...handled].sort()).toEqual(range(40).map(String).sort());
    });

    test("the metrics say what became of the events, and the gauge how many wait", async () => {
      const topic = await newTopic(1);
      const group = randomName();
      const { metrics } = testDependencies();
      await bus.publish([
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
  });
}
