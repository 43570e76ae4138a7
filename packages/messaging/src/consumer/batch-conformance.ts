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
import { range, testDependencies, testRecord } from "../test-support.js";
import { DeadLetters } from "./test-dead-letters.js";
import {
  createBatchConsumer,
  type BatchConsumer,
  type BatchConsumerOptions,
} from "./batch-consumer.js";
import type { TakenEvent } from "./taken-event.js";

/** What the batched consumer promises, on whichever bus. */
export function describeBatchConsumer(
  name: string,
  open: () => Promise<BusHarness>,
): void {
  describe(name, () => {
    let harness: BusHarness;
    let bus: Bus;
    let letters: DeadLetters;
    const consumers: BatchConsumer[] = [];
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

    const newTopic = async (): Promise<string> => {
      const topic = randomName("batches");
      await harness.createTopic(topic, 1);
      return topic;
    };
    const consume = async (
      options: Pick<BatchConsumerOptions, "group" | "topics" | "onEvents"> &
        Partial<BatchConsumerOptions>,
    ): Promise<BatchConsumer> => {
      const consumer = createBatchConsumer({
        bus,
        retryDelaysMs: [50],
        stopTimeoutMs: 200,
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

    test("hands events over in order, and commits the prefix that is settled", async () => {
      const topic = await newTopic();
      const group = randomName();
      const taken: TakenEvent[] = [];
      await bus.publish(range(20).map((n) => testRecord(topic, "a", `${n}`)));
      const consumer = await consume({
        group,
        topics: [topic],
        onEvents: (events) => taken.push(...events),
      });
      await until(() => taken.length === 20);
      expect(taken.map(({ event }) => event.id)).toEqual(range(20).map(String));
      const lag = async (): Promise<number | undefined> =>
        (await consumer.lag()).find((one) => one.topic === topic)?.lag;
      for (const one of taken.slice(1, 5)) one.done();
      taken[10]?.done();
      taken[0]?.done();
      await until(async () => (await lag()) === 15);
      for (const one of taken) one.done();
      await until(async () => (await lag()) === 0);
    });

    test("what fails comes again after its delay, and then lies in the dead letters", async () => {
      const topic = await newTopic();
      const group = randomName();
      const attempts: number[] = [];
      await bus.publish([testRecord(topic, "a", "failing")]);
      await consume({
        group,
        topics: [topic],
        onEvents: (events) => {
          for (const one of events) {
            attempts.push(one.attempt);
            expect(one.topic).toBe(topic);
            const error = new Error("no luck");
            expect(one.next(error)).toBe(
              one.attempt === 1 ? "retry" : "dead_letter",
            );
            void one.fail(error);
          }
        },
      });
      const [dead] = await deadLetters(group, 1);
      expect(attempts).toEqual([1, 2]);
      expect(dead?.headers).toMatchObject({
        "x-origin-topic": topic,
        "x-attempt": "2",
        "x-error": "Error: no luck",
        ce_id: "failing",
      });
    });

    test("what was not even tried is postponed without an attempt, as long as all attempts would take", async () => {
      const topic = await newTopic();
      const group = randomName();
      const attempts: number[] = [];
      await bus.publish([testRecord(topic, "a", "untried")]);
      await consume({
        group,
        topics: [topic],
        retryDelaysMs: [100, 100],
        onEvents: (events) => {
          for (const one of events) {
            attempts.push(one.attempt);
            void one.fail(new Error("it is away"), { untried: true });
          }
        },
      });
      await deadLetters(group, 1);
      expect(attempts.slice(-2)).toEqual([2, 3]);
      expect(
        attempts.filter((attempt) => attempt === 1).length,
      ).toBeGreaterThan(1);
    });

    test("what cannot be read, or is not for it, lies in the dead letters at once, with the reason", async () => {
      const topic = await newTopic();
      const group = randomName();
      const taken: string[] = [];
      const good = testRecord(topic, "a", "good");
      await bus.publish([
        { ...good, value: Buffer.from("not JSON") },
        { ...good, headers: {} },
        testRecord(topic, "a", "refused"),
        { ...good, value: Buffer.alloc(950_000, "x") },
        good,
      ]);
      await consume({
        group,
        topics: [topic],
        check: ({ id }) => {
          if (id === "refused") throw new Error("not ours");
        },
        onEvents: (events) => {
          for (const one of events) {
            taken.push(one.event.id);
            one.done();
          }
        },
      });
      const dead = await deadLetters(group, 4);
      expect(taken).toEqual(["good"]);
      expect(dead.map(({ headers }) => headers["x-error"]).sort()).toEqual([
        "Error: not ours",
        expect.stringContaining("invalid_json"),
        expect.stringContaining("invalid_json"),
        expect.stringContaining("missing_attribute"),
      ]);
    });

    test("told to stop, it waits for what was handed over, and lets go of what takes too long", async () => {
      const topic = await newTopic();
      const group = randomName();
      const taken: TakenEvent[] = [];
      await bus.publish([testRecord(topic, "a", "slow")]);
      const options = {
        group,
        topics: [topic],
        onEvents: (events: readonly TakenEvent[]) => void taken.push(...events),
      };
      const first = await consume(options);
      await until(() => taken.length === 1);
      const stopping = first.stop();
      await stopping;
      expect(taken[0]?.signal.aborted).toBe(true);
      const second = await consume(options);
      await until(() => taken.length === 2);
      expect(taken[1]?.event.id).toBe("slow");
      taken[1]?.done();
      await second.stop();
      expect(taken[1]?.signal.aborted).toBe(true);
    });
  });
}
