import { expect, test } from "@jest/globals";
import { randomName, until } from "@easymo/testbed";
import { createMemoryStore } from "../../store/memory-store.js";
import { gate, range, testRecord } from "../../test-support.js";
import type { ConsumerSuite } from "./consumer-suite.js";

/** Pausing, stopping, and sharing partitions with other members. */
export function describeLifecycle({
  newTopic,
  publish,
  consume,
}: ConsumerSuite): void {
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
    await publish([testRecord(topic, "call-1", "1")]);
    const other = await consume({
      group: randomName(),
      topics: [topic],
      handler: () => Promise.resolve(),
    });
    await until(async () => (await other.lag()).every(({ lag }) => lag === 0));
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
    await publish(range(3).map((n) => testRecord(topic, "one-key", `${n}`)));
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
    await publish([testRecord(topic, "call-1", "stuck")]);
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
    await publish(range(40).map((n) => testRecord(topic, `k${n}`, `${n}`)));
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
}
