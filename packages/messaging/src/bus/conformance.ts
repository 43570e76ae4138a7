import {
  afterAll,
  afterEach,
  beforeAll,
  describe,
  expect,
  test,
} from "@jest/globals";
import { randomName, until } from "@easymo/testbed";
import { range } from "../test-support.js";
import { partitionOf } from "../topics/partitioner.js";
import type {
  Assignment,
  Bus,
  BusRecord,
  ReceivedRecord,
  SubscribeOptions,
  Subscription,
} from "./bus.js";
import { MAX_RECORD_BYTES } from "./record-size.js";

/** How a suite reaches the bus that it is about. */
export interface BusHarness {
  /** A client of its own. */
  connect(): Bus;
  createTopic(topic: string, partitions: number): Promise<void>;
  close(): Promise<void>;
}

/** A subscriber that keeps what it was given. */
interface Reader {
  readonly subscription: Subscription;
  readonly received: ReceivedRecord[];
  readonly assignments: Assignment[];
}

function record(topic: string, key: string, text: string): BusRecord {
  return { topic, key, value: Buffer.from(text), headers: {} };
}

const texts = (records: readonly ReceivedRecord[]): string[] =>
  records.map(({ value }) => value.toString());

/** What every driver of the bus promises. */
export function describeBus(
  name: string,
  open: () => Promise<BusHarness>,
): void {
  describe(name, () => {
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

    const newTopic = async (partitions: number): Promise<string> => {
      const topic = randomName("conformance");
      await harness.createTopic(topic, partitions);
      return topic;
    };

    const read = async (
      options: Omit<SubscribeOptions, "onRecords" | "onAssigned">,
      client: Bus = bus,
    ): Promise<Reader> => {
      const received: ReceivedRecord[] = [];
      const assignments: Assignment[] = [];
      const subscription = await client.subscribe({
        ...options,
        onRecords: ({ records }) => received.push(...records),
        onAssigned: (assignment) => assignments.push(assignment),
      });
      const reader = { subscription, received, assignments };
      readers.push(reader);
      await subscription.joined;
      return reader;
    };

    const commitAll = (reader: Reader): Promise<void> =>
      reader.subscription.commit(
        reader.received.map(({ topic, partition, offset }) => ({
          topic,
          partition,
          offset: String(Number(offset) + 1),
        })),
      );

    const arrived = (reader: Reader, count: number): Promise<unknown> =>
      until(() => reader.received.length >= count, {
        what: `${count} records`,
      });

    describePublishing();
    describeGroups();
    describeMembers();

    function describePublishing(): void {
      test("records of one key arrive in the order of the calls, in the partition of the key", async () => {
        const topic = await newTopic(3);
        const keys = ["a", "b", "c", "d", "e"];
        await Promise.all(
          range(200).map((n) => {
            const key = keys[n % keys.length] ?? "";
            return bus.publish([record(topic, key, `${key}${n}`)]);
          }),
        );

        const reader = await read({
          group: randomName(),
          topics: [topic],
          fromBeginning: true,
        });
        await arrived(reader, 200);

        expect(reader.received).toHaveLength(200);
        for (const [at, key] of keys.entries()) {
          const ofKey = reader.received.filter((r) => r.key === key);
          const expected = range(200).filter((n) => n % keys.length === at);
          expect(texts(ofKey)).toEqual(expected.map((n) => `${key}${n}`));
          expect(new Set(ofKey.map((r) => r.partition))).toEqual(
            new Set([partitionOf(key, 3)]),
          );
        }
      });

      test("key, value and headers arrive as they were, to the byte", async () => {
        const topic = await newTopic(1);
        const value = Buffer.from(range(256));
        const headers = { ce_id: "1", "x-name": "Uwimana Ⅻ 🙂", empty: "" };

        await bus.publish([{ topic, key: "clé:🙂", value, headers }]);
        value.fill(0);

        const reader = await read({
          group: randomName(),
          topics: [topic],
          fromBeginning: true,
        });
        await arrived(reader, 1);
        expect(reader.received[0]).toMatchObject({
          topic,
          partition: 0,
          offset: "0",
          key: "clé:🙂",
          headers,
        });
        expect(reader.received[0]?.value).toEqual(Buffer.from(range(256)));
        expect(
          Math.abs(Date.now() - (reader.received[0]?.timestampMs ?? 0)),
        ).toBeLessThan(60_000);
      });

      test("a call with many records for many partitions resolves when all are in", async () => {
        const topic = await newTopic(4);
        await bus.publish(
          range(500).map((n) => record(topic, `k${n}`, `${n}`)),
        );

        const reader = await read({
          group: randomName(),
          topics: [topic],
          fromBeginning: true,
        });
        await arrived(reader, 500);
        expect(new Set(texts(reader.received)).size).toBe(500);
      });

      test("publishing nothing is done at once", async () => {
        await expect(bus.publish([])).resolves.toBeUndefined();
      });

      test("a topic that is not there is refused by name, and harms no other", async () => {
        const missing = randomName("missing");
        const topic = await newTopic(1);
        const refused = bus.publish([record(missing, "k", "v")]);
        const taken = bus.publish([record(topic, "k", "v")]);

        await expect(refused).rejects.toMatchObject({
          name: "PublishError",
          code: "topic_unknown",
          topic: missing,
          retryable: true,
        });
        await expect(taken).resolves.toBeUndefined();
      });

      test("a record over the limit is refused for good, one at the limit is taken", async () => {
        const topic = await newTopic(1);
        const value = Buffer.alloc(MAX_RECORD_BYTES - 100);
        await expect(
          bus.publish([{ topic, key: "k", value, headers: {} }]),
        ).resolves.toBeUndefined();
        await expect(
          bus.publish([
            {
              topic,
              key: "k",
              value: Buffer.alloc(MAX_RECORD_BYTES),
              headers: {},
            },
          ]),
        ).rejects.toMatchObject({ code: "record_too_large", retryable: false });
      });

      test("large records that come together are split over as many requests as they need", async () => {
        const topic = await newTopic(1);
        const value = Buffer.alloc(400_000, 7);
        await Promise.all(
          range(8).map((n) =>
            bus.publish([{ topic, key: "k", value, headers: { n: `${n}` } }]),
          ),
        );
        const reader = await read({
          group: randomName(),
          topics: [topic],
          fromBeginning: true,
        });
        await arrived(reader, 8);
        expect(reader.received.map((r) => r.headers.n)).toEqual(
          range(8).map(String),
        );
      });

      test("the brokers answer a check; a closed bus takes nothing and answers none", async () => {
        const client = harness.connect();
        await expect(client.check()).resolves.toBeUndefined();
        await client.close();
        await expect(
          client.publish([record(await newTopic(1), "k", "v")]),
        ).rejects.toMatchObject({ code: "bus_closed", retryable: false });
        await expect(client.check()).rejects.toMatchObject({
          code: "bus_unavailable",
        });
      });
    }

    function describeGroups(): void {
      test("every group gets every record", async () => {
        const topic = await newTopic(2);
        await bus.publish(range(20).map((n) => record(topic, `k${n}`, `${n}`)));
        const [one, two] = await Promise.all([
          read({ group: randomName(), topics: [topic], fromBeginning: true }),
          read({ group: randomName(), topics: [topic], fromBeginning: true }),
        ]);
        await Promise.all([arrived(one, 20), arrived(two, 20)]);
        expect(texts(one.received).sort()).toEqual(texts(two.received).sort());
      });

      test("what is not committed comes again to the next member, what is committed does not", async () => {
        const topic = await newTopic(1);
        const group = randomName();
        await bus.publish(range(10).map((n) => record(topic, "k", `${n}`)));
        const first = await read({
          group,
          topics: [topic],
          fromBeginning: true,
        });
        await arrived(first, 10);
        await first.subscription.commit([{ topic, partition: 0, offset: "6" }]);
        await first.subscription.stop();

        const second = await read({
          group,
          topics: [topic],
          fromBeginning: true,
        });
        await arrived(second, 4);
        expect(texts(second.received)).toEqual(["6", "7", "8", "9"]);
      });

      test("a group from now on sees nothing older, and misses nothing newer though it was away", async () => {
        const topic = await newTopic(2);
        const group = randomName();
        await bus.publish(range(4).map((n) => record(topic, `k${n}`, "old")));
        const first = await read({ group, topics: [topic] });
        await first.subscription.stop();
        await bus.publish(
          range(4).map((n) => record(topic, `k${n}`, "while away")),
        );

        const second = await read({ group, topics: [topic] });
        await bus.publish(range(4).map((n) => record(topic, `k${n}`, "new")));
        await arrived(second, 8);
        expect(texts(second.received).sort()).toEqual([
          ...range(4).map(() => "new"),
          ...range(4).map(() => "while away"),
        ]);
      });

      test("the lag is what is in the partitions beyond the commit", async () => {
        const topic = await newTopic(1);
        await bus.publish(range(10).map((n) => record(topic, "k", `${n}`)));
        const reader = await read({
          group: randomName(),
          topics: [topic],
          fromBeginning: true,
        });
        await arrived(reader, 10);
        await reader.subscription.commit([
          { topic, partition: 0, offset: "7" },
        ]);
        expect(await reader.subscription.lag()).toEqual([
          { topic, partition: 0, lag: 3 },
        ]);
      });

      test("one subscription reads several topics", async () => {
        const topics = await Promise.all([newTopic(1), newTopic(2)]);
        const reader = await read({
          group: randomName(),
          topics,
          fromBeginning: true,
        });
        await bus.publish(topics.map((topic) => record(topic, "k", topic)));
        await arrived(reader, 2);
        expect(texts(reader.received).sort()).toEqual([...topics].sort());
      });
    }

    function describeMembers(): void {
      test("members share the partitions, and the one that stays gets those of the one that goes, from the commit on", async () => {
        const topic = await newTopic(4);
        const group = randomName();
        const options = { group, topics: [topic], fromBeginning: true };
        const stays = await read(options);
        const goes = await read(options, bus);
        await until(() => stays.assignments.at(-1)?.partitions.length === 2);
        await until(() => goes.assignments.at(-1)?.partitions.length === 2);
        const all = [stays, goes].flatMap(
          (r) => r.assignments.at(-1)?.partitions ?? [],
        );
        expect(new Set(all.map((p) => p.partition))).toEqual(new Set(range(4)));

        await bus.publish(range(40).map((n) => record(topic, `k${n}`, `${n}`)));
        await until(() => stays.received.length + goes.received.length >= 40);
        await commitAll(stays);
        const uncommitted = texts(goes.received);
        const before = stays.received.length;
        await goes.subscription.stop();

        await until(() => stays.assignments.at(-1)?.partitions.length === 4);
        await arrived(stays, before + uncommitted.length);
        expect(texts(stays.received.slice(before)).sort()).toEqual(
          uncommitted.sort(),
        );
      });

      test("a member that stays is told so, and is given again what it did not commit", async () => {
        const topic = await newTopic(2);
        const group = randomName();
        const options = { group, topics: [topic], fromBeginning: true };
        const first = await read(options);
        await bus.publish(range(10).map((n) => record(topic, `k${n}`, `${n}`)));
        await arrived(first, 10);
        expect(first.assignments[0]?.continued).toBe(false);

        const second = await read(options);
        await until(() => first.assignments.at(-1)?.partitions.length === 1);
        expect(first.assignments.at(-1)?.continued).toBe(true);
        const [kept] = first.assignments.at(-1)?.partitions ?? [];
        const expected = first.received
          .slice(0, 10)
          .filter((r) => r.partition === kept?.partition);
        await until(() => first.received.length >= 10 + expected.length);
        expect(texts(first.received.slice(10))).toEqual(texts(expected));
        await until(() => second.received.length >= 10 - expected.length);
      });

      test("a paused partition gives nothing until it is resumed, the others go on", async () => {
        const topic = await newTopic(2);
        const reader = await read({
          group: randomName(),
          topics: [topic],
          fromBeginning: true,
        });
        const keyOf = (partition: number): string =>
          range(100)
            .map(String)
            .find((key) => partitionOf(key, 2) === partition) ?? "";
        reader.subscription.pause([{ topic, partition: 0 }]);
        await bus.publish([record(topic, keyOf(0), "held")]);
        for (const n of range(3)) {
          await bus.publish([record(topic, keyOf(1), `free ${n}`)]);
          await arrived(reader, n + 1);
        }
        expect(texts(reader.received)).toEqual(["free 0", "free 1", "free 2"]);

        reader.subscription.resume([{ topic, partition: 0 }]);
        await arrived(reader, 4);
        expect(texts(reader.received).at(-1)).toBe("held");
      });

      test("offsets of partitions that went to another member are left out of a commit", async () => {
        const topic = await newTopic(2);
        const group = randomName();
        const options = { group, topics: [topic], fromBeginning: true };
        const first = await read(options);
        await bus.publish(range(10).map((n) => record(topic, `k${n}`, `${n}`)));
        await arrived(first, 10);
        const second = await read(options);
        await until(() => first.assignments.at(-1)?.partitions.length === 1);
        await commitAll(first);
        await second.subscription.stop();
        await first.subscription.stop();

        const [kept] = first.assignments.at(-1)?.partitions ?? [];
        const lost = first.received
          .slice(0, 10)
          .filter((r) => r.partition !== kept?.partition);
        const third = await read(options);
        await arrived(third, lost.length);
        expect(texts(third.received)).toEqual(texts(lost));
      });
    }
  });
}
