import { afterAll, afterEach, beforeAll } from "@jest/globals";
import { randomName } from "@easymo/testbed";
import type { Bus, BusRecord, ReceivedRecord } from "../../bus/bus.js";
import type { BusHarness } from "../../bus/conformance.js";
import { testDependencies } from "../../test-support.js";
import { createConsumer } from "../create-consumer.js";
import type { ConsumerOptions, EventConsumer } from "../event-consumer.js";
import { DeadLetters } from "../test-dead-letters.js";

type Consume = Pick<ConsumerOptions, "group" | "topics" | "handler"> &
  Partial<ConsumerOptions>;

/** What a suite about consumers works with: one bus, and topics and consumers of its own. */
export interface ConsumerSuite {
  readonly newTopic: (partitions?: number) => Promise<string>;
  readonly publish: (records: readonly BusRecord[]) => Promise<void>;
  /** A consumer that has joined; stopped when its test is over. */
  readonly consume: (options: Consume) => Promise<EventConsumer>;
  /** Resolves when so many of the group are among the dead letters. */
  readonly deadLetters: (
    group: string,
    count: number,
  ) => Promise<ReceivedRecord[]>;
}

/** Opens the bus before the tests around it, and closes it after them. */
export function consumerSuite(open: () => Promise<BusHarness>): ConsumerSuite {
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

  return {
    newTopic: async (partitions = 2) => {
      const topic = randomName("consumer");
      await harness.createTopic(topic, partitions);
      return topic;
    },
    publish: (records) => bus.publish(records),
    consume: async (options) => {
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
    },
    deadLetters: (group, count) => letters.of(group, count),
  };
}
