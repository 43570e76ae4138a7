import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Partitioners } from "kafkajs";
import { range } from "../test-support.js";
import { murmur2, partitionOf } from "./partitioner.js";

describe("the partition of a key", () => {
  // From the Java client's own test: UtilsTest.testMurmur2.
  test.each([
    ["21", -973932308],
    ["foobar", -790332482],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
    ["abc", 479470107],
  ])("comes from the hash that the Java client gives %s", (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash);
  });

  test("is where other clients put the key", () => {
    const theirs = Partitioners.DefaultPartitioner();
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", minLength: 1 }),
        fc.integer({ min: 1, max: 50 }),
        (key, partitions) => {
          const partitionMetadata = range(partitions).map((partitionId) => ({
            partitionId,
            partitionErrorCode: 0,
            leader: 1,
            replicas: [1],
            isr: [1],
          }));
          const message = { key, value: null };
          expect(partitionOf(key, partitions)).toBe(
            theirs({ topic: "t", partitionMetadata, message }),
          );
        },
      ),
    );
  });
});
