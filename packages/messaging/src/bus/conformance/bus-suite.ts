import { afterAll, afterEach, beforeAll } from "@jest/globals";
import { randomName, until } from "@easymo/testbed";
import type {
  Assignment,
  Bus,
  BusRecord,
  ReceivedRecord,
  SubscribeOptions,
  Subscription,
} from "../bus.js";

/** How a suite reaches the bus that it is about. */
export interface BusHarness {
  /** A client of its own. */
  connect(): Bus;
  createTopic(topic: string, partitions: number): Promise<void>;
  close(): Promise<void>;
}

/** A subscriber that keeps what it was given. */
export interface Reader {
  readonly subscription: Subscription;
  readonly received: ReceivedRecord[];
  readonly assignments: Assignment[];
}

/** What a suite about a bus works with: a client, and topics and readers of its own. */
export interface BusSuite {
  readonly newTopic: (partitions: number) => Promise<string>;
  readonly publish: (records: readonly BusRecord[]) => Promise<void>;
  /** Another client. */
  readonly connect: () => Bus;
  /** A reader that has joined; stopped when its test is over. */
  readonly read: (
    options: Omit<SubscribeOptions, "onRecords" | "onAssigned">,
  ) => Promise<Reader>;
}

/** Opens the bus before the tests around it, and closes it after them. */
export function busSuite(open: () => Promise<BusHarness>): BusSuite {
  let harness: BusHarness;
  let bus: Bus;
  const readers: Reader[] = [];

  beforeAll(async () => {
    harness = await open();
    bus = harness.connect();
  }, 120_000);
  afterEach(async () => {
    await Promise.all(readers.splice(0).map((r) => r.subscription.stop()));
  });
  afterAll(async () => {
    await bus.close();
    await harness.close();
  });

  return {
    newTopic: async (partitions) => {
      const topic = randomName("conformance");
      await harness.createTopic(topic, partitions);
      return topic;
    },
    publish: (records) => bus.publish(records),
    connect: () => harness.connect(),
    read: async (options) => {
      const received: ReceivedRecord[] = [];
      const assignments: Assignment[] = [];
      const subscription = await bus.subscribe({
        ...options,
        onRecords: ({ records }) => received.push(...records),
        onAssigned: (assignment) => assignments.push(assignment),
      });
      const reader = { subscription, received, assignments };
      readers.push(reader);
      await subscription.joined;
      return reader;
    },
  };
}

export function record(topic: string, key: string, text: string): BusRecord {
  return { topic, key, value: Buffer.from(text), headers: {} };
}

export function texts(records: readonly ReceivedRecord[]): string[] {
  return records.map(({ value }) => value.toString());
}

/** Resolves when the reader was given so many. */
export async function arrived(reader: Reader, count: number): Promise<void> {
  await until(() => reader.received.length >= count, {
    what: `${count} records`,
  });
}
