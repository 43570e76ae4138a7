import { expect, test } from "@jest/globals";
import { randomName } from "@easymo/testbed";
import { range } from "../../test-support.js";
import { partitionOf } from "../../topics/partitioner.js";
import { MAX_RECORD_BYTES } from "../record-size.js";
import { arrived, record, texts, type BusSuite } from "./bus-suite.js";

/** That what is published is there, whole, in its order, or refused by name. */
export function describePublishing({
  newTopic,
  publish,
  connect,
  read,
}: BusSuite): void {
  test("records of one key arrive in the order of the calls, in the partition of the key", async () => {
    const topic = await newTopic(3);
    const keys = ["a", "b", "c", "d", "e"];
    await Promise.all(
      range(200).map((n) => {
        const key = keys[n % keys.length] ?? "";
        return publish([record(topic, key, `${key}${n}`)]);
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

    await publish([{ topic, key: "clé:🙂", value, headers }]);
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

  test("texts and values of every length arrive as they were, many in one call", async () => {
    const topic = await newTopic(1);
    // Where a length takes one byte more on the wire: in a text, a value, a record.
    const lengths = [0, 1, 21, 22, 62, 63, 64, 65, 8_000, 8_191, 8_192, 8_193];
    const sent = lengths.flatMap((length) =>
      ["x", "é", "Ⅻ"].map((unit) => {
        const text = unit.repeat(length);
        const headers = { [`x-${unit.repeat(length % 100)}`]: text, ce_id: "" };
        return { topic, key: text, value: Buffer.from(text), headers };
      }),
    );
    // Their records' own lengths come close to each border as well.
    for (const length of [...range(80), ...range(80).map((n) => 8_120 + n)])
      sent.push({
        topic,
        key: "k",
        value: Buffer.from("v".repeat(length)),
        headers: { ce_id: "" },
      });
    await publish(sent);

    const reader = await read({
      group: randomName(),
      topics: [topic],
      fromBeginning: true,
    });
    await arrived(reader, sent.length);
    expect(
      reader.received.map(({ key, value, headers }) => ({
        topic,
        key,
        value,
        headers,
      })),
    ).toEqual(sent);
  });

  test("a call with many records for many partitions resolves when all are in", async () => {
    const topic = await newTopic(4);
    await publish(range(500).map((n) => record(topic, `k${n}`, `${n}`)));

    const reader = await read({
      group: randomName(),
      topics: [topic],
      fromBeginning: true,
    });
    await arrived(reader, 500);
    expect(new Set(texts(reader.received)).size).toBe(500);
  });

  test("publishing nothing is done at once", async () => {
    await expect(publish([])).resolves.toBeUndefined();
  });

  test("a topic that is not there is refused by name, and harms no other", async () => {
    const missing = randomName("missing");
    const topic = await newTopic(1);
    const refused = publish([record(missing, "k", "v")]);
    const taken = publish([record(topic, "k", "v")]);

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
      publish([{ topic, key: "k", value, headers: {} }]),
    ).resolves.toBeUndefined();
    await expect(
      publish([
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
        publish([{ topic, key: "k", value, headers: { n: `${n}` } }]),
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
    const client = connect();
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
