import { expect, test } from "@jest/globals";
import { randomName, until } from "@easymo/testbed";
import type { ReceivedRecord } from "../../bus/bus.js";
import { testRecord } from "../../test-support.js";
import type { ConsumerSuite } from "./consumer-suite.js";

/** What becomes of events that fail, and of records that nobody can read. */
export function describeFailures({
  newTopic,
  publish,
  consume,
  deadLetters,
}: ConsumerSuite): void {
  test("a failing event is tried again after growing delays, with what it needs in its headers, then ends in the dead letters", async () => {
    const topic = await newTopic();
    const group = randomName();
    const attempts: {
      attempt: number;
      atMs: number;
      record: ReceivedRecord;
      topic: string;
    }[] = [];
    await publish([testRecord(topic, "call-1", "failing")]);
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
    await publish([
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
    await publish([waiting("long", later), waiting("short", soon)]);
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
    await publish([
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
    await publish([testRecord(topic, "call-1", "hopeless")]);
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

  test("a retry that names no group is for everyone who reads the topic that it was first on", async () => {
    const [topic, other] = await Promise.all([newTopic(1), newTopic(1)]);
    const record = (origin: string, id: string) => ({
      ...testRecord("broker.retry", "call-1", id),
      headers: {
        ...testRecord("broker.retry", "call-1", id).headers,
        "x-origin-topic": origin,
        "x-attempt": "1",
        "x-not-before": new Date().toISOString(),
        "x-error": "Error: it was away",
      },
    });
    await publish([record(other, "not ours"), record(topic, "ours")]);
    const handled = await Promise.all(
      [1, 2].map(async () => {
        const ids: string[] = [];
        await consume({
          group: randomName(),
          topics: [topic],
          handler: (event, { attempt }) => {
            ids.push(`${event.id}, attempt ${attempt}`);
            return Promise.resolve();
          },
        });
        return ids;
      }),
    );
    await until(() => handled.every((ids) => ids.length > 0));
    expect(handled).toEqual([["ours, attempt 2"], ["ours, attempt 2"]]);
  });

  test("another group's retries are left alone", async () => {
    const topic = await newTopic(1);
    const [one, two] = [randomName(), randomName()];
    const seen: string[] = [];
    await publish([testRecord(topic, "call-1", "x")]);
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
}
