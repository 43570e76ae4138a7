import { expect, test } from "@jest/globals";
import { randomName } from "@easymo/testbed";
import { range } from "../../test-support.js";
import { arrived, record, texts, type BusSuite } from "./bus-suite.js";

/** What each group of readers gets, and from where it goes on. */
export function describeGroups({ newTopic, publish, read }: BusSuite): void {
  test("every group gets every record", async () => {
    const topic = await newTopic(2);
    await publish(range(20).map((n) => record(topic, `k${n}`, `${n}`)));
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
    await publish(range(10).map((n) => record(topic, "k", `${n}`)));
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
    await publish(range(4).map((n) => record(topic, `k${n}`, "old")));
    const first = await read({ group, topics: [topic] });
    await first.subscription.stop();
    await publish(range(4).map((n) => record(topic, `k${n}`, "while away")));

    const second = await read({ group, topics: [topic] });
    await publish(range(4).map((n) => record(topic, `k${n}`, "new")));
    await arrived(second, 8);
    expect(texts(second.received).sort()).toEqual([
      ...range(4).map(() => "new"),
      ...range(4).map(() => "while away"),
    ]);
  });

  test("the lag is what is in the partitions beyond the commit", async () => {
    const topic = await newTopic(1);
    await publish(range(10).map((n) => record(topic, "k", `${n}`)));
    const reader = await read({
      group: randomName(),
      topics: [topic],
      fromBeginning: true,
    });
    await arrived(reader, 10);
    await reader.subscription.commit([{ topic, partition: 0, offset: "7" }]);
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
    await publish(topics.map((topic) => record(topic, "k", topic)));
    await arrived(reader, 2);
    expect(texts(reader.received).sort()).toEqual([...topics].sort());
  });
}
