import { expect, test } from "@jest/globals";
import { randomName, until } from "@easymo/testbed";
import { range } from "../../test-support.js";
import { partitionOf } from "../../topics/partitioner.js";
import {
  arrived,
  record,
  texts,
  type BusSuite,
  type Reader,
} from "./bus-suite.js";

/** How members of one group share partitions, and hand them over. */
export function describeMembers({ newTopic, publish, read }: BusSuite): void {
  test("members share the partitions, and the one that stays gets those of the one that goes, from the commit on", async () => {
    const topic = await newTopic(4);
    const group = randomName();
    const options = { group, topics: [topic], fromBeginning: true };
    const stays = await read(options);
    const goes = await read(options);
    await until(() => stays.assignments.at(-1)?.partitions.length === 2);
    await until(() => goes.assignments.at(-1)?.partitions.length === 2);
    const all = [stays, goes].flatMap(
      (r) => r.assignments.at(-1)?.partitions ?? [],
    );
    expect(new Set(all.map((p) => p.partition))).toEqual(new Set(range(4)));

    await publish(range(40).map((n) => record(topic, `k${n}`, `${n}`)));
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
    await publish(range(10).map((n) => record(topic, `k${n}`, `${n}`)));
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
    await publish([record(topic, keyOf(0), "held")]);
    for (const n of range(3)) {
      await publish([record(topic, keyOf(1), `free ${n}`)]);
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
    await publish(range(10).map((n) => record(topic, `k${n}`, `${n}`)));
    await arrived(first, 10);
    const second = await read(options);
    await until(() => first.assignments.at(-1)?.partitions.length === 1);
    // Before the other leaves, and gives what it had back.
    const [kept] = first.assignments.at(-1)?.partitions ?? [];
    await commitAll(first);
    await second.subscription.stop();
    await first.subscription.stop();

    const lost = first.received
      .slice(0, 10)
      .filter((r) => r.partition !== kept?.partition);
    const third = await read(options);
    await arrived(third, lost.length);
    expect(texts(third.received)).toEqual(texts(lost));
  });
}

function commitAll(reader: Reader): Promise<void> {
  return reader.subscription.commit(
    reader.received.map(({ topic, partition, offset }) => ({
      topic,
      partition,
      offset: String(Number(offset) + 1),
    })),
  );
}
