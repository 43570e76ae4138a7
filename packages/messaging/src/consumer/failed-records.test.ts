import { expect, test } from "@jest/globals";
import type { Bus, ReceivedRecord } from "../bus/bus.js";
import { recordBytes } from "../bus/record-size.js";
import { createMemoryBus } from "../bus/memory/memory-bus.js";
import { hostClock } from "../clock.js";
import { busMetrics } from "../metrics.js";
import { testDependencies, testRecord } from "../test-support.js";
import { until } from "@easymo/testbed";
import { FailedRecords } from "./failed-records.js";

test("of a record that no topic takes, the beginning lies in the dead letters, with how long it was", async () => {
  const bus: Bus = createMemoryBus();
  const found: ReceivedRecord[] = [];
  await bus.subscribe({
    group: "watcher",
    topics: ["broker.dlq"],
    fromBeginning: true,
    onRecords: ({ records }) => found.push(...records),
  });
  const small = testRecord("voice.contact.events", "call", "large");
  const record = {
    ...small,
    value: Buffer.alloc(2_097_152, "x"),
    partition: 0,
    offset: "0",
    timestampMs: 0,
  };
  const failed = new FailedRecords(
    bus,
    hostClock,
    busMetrics(testDependencies().metrics),
  );
  const state = { originTopic: record.topic, group: "g", attempts: 1 };
  await expect(
    failed.deadLetter(
      record,
      { ...state, notBeforeMs: 0 },
      new Error("no JSON"),
      new AbortController().signal,
    ),
  ).resolves.toBe(true);
  await until(() => found.length === 1);
  const [dead] = found;
  expect(dead?.headers).toMatchObject({
    ...small.headers,
    "x-value-bytes": "2097152",
    "x-error": "Error: no JSON",
  });
  expect(dead?.value.length).toBe(65_536);
  expect(dead === undefined ? 0 : recordBytes(dead)).toBeLessThan(100_000);
  await bus.close();
});
