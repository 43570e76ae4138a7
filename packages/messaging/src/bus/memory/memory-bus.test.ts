import { describe, expect, test } from "@jest/globals";
import { testDependencies, testEvent, range } from "../../test-support.js";
import { describeBus } from "../conformance.js";
import { createMemoryBus } from "./memory-bus.js";

describeBus("the in-process bus", () => {
  const topics: Record<string, number> = {};
  // Every client of the suite is on the one bus; closing a client must not end it for the others.
  const shared = createMemoryBus({ topics });
  return Promise.resolve({
    connect: () => {
      const own = createMemoryBus({ topics });
      let closed = false;
      return {
        publish: (records, options) =>
          closed ? own.publish(records) : shared.publish(records, options),
        publishEvent: (topic, event) => shared.publishEvent(topic, event),
        subscribe: (options) => shared.subscribe(options),
        check: () => (closed ? own.check() : shared.check()),
        close: async () => {
          closed = true;
          await own.close();
        },
      };
    },
    createTopic: (topic, partitions) => {
      shared.addTopic(topic, partitions);
      return Promise.resolve();
    },
    close: () => shared.close(),
  });
});

describe("the in-process bus, besides", () => {
  test("has every topic of the catalogue", async () => {
    const bus = createMemoryBus(testDependencies());
    await bus.publishEvent("voice.contact.events", testEvent("call-1", "1"));
    expect(bus.records("voice.contact.events").map((r) => r.key)).toEqual([
      "call-1",
    ]);
    await bus.close();
  });

  test("refuses an event on a topic where its type does not belong", async () => {
    const bus = createMemoryBus();
    await expect(
      bus.publishEvent("whatsapp.inbound", testEvent("call-1", "1")),
    ).rejects.toMatchObject({ code: "invalid_event" });
  });

  test("is away when told so, and delivers what was there when it is back", async () => {
    const bus = createMemoryBus();
    await bus.publishEvent("voice.contact.events", testEvent("call-1", "1"));
    bus.setAvailable(false);
    await expect(bus.check()).rejects.toMatchObject({
      code: "bus_unavailable",
    });
    await expect(
      bus.publishEvent("voice.contact.events", testEvent("call-1", "2")),
    ).rejects.toMatchObject({ code: "bus_unavailable", retryable: true });
    let deliver: (count: number) => void = () => undefined;
    const delivered = new Promise<number>((resolve) => (deliver = resolve));
    await bus.subscribe({
      group: "g",
      topics: ["voice.contact.events"],
      fromBeginning: true,
      onRecords: ({ records }) => deliver(records.length),
    });
    bus.setAvailable(true);
    expect(await delivered).toBe(1);
    await bus.close();
  });

  test("keeps no more records than it was told, the newest", async () => {
    const bus = createMemoryBus({
      topics: { t: 1 },
      maxRecordsPerPartition: 100,
    });
    for (const n of range(1_000)) {
      await bus.publish([
        { topic: "t", key: "k", value: Buffer.from(`${n}`), headers: {} },
      ]);
    }
    const kept = bus.records("t").map(({ value }) => Number(value.toString()));
    expect(kept.length).toBeGreaterThanOrEqual(100);
    expect(kept.length).toBeLessThanOrEqual(110);
    expect(kept).toEqual(range(1_000).slice(-kept.length));
    await bus.close();
  });
});
