import { expect, test } from "@jest/globals";
import { stopKafkaDuringCalls } from "./testing/chaos/kafka-outage.js";

// The same for a minute, with its lateness: `pnpm --filter @easymo/voice-bridge chaos`.
test("Kafka stopped in the middle of 50 calls: every frame arrives meanwhile, every event afterwards, once and in order", async () => {
  const report = await stopKafkaDuringCalls({ calls: 50, outageMs: 3_000 });
  expect(report).toEqual({
    frames: 50 * 300,
    events: expect.any(Number),
    notOnce: [],
    outOfOrder: [],
    repeatedIds: [],
    refused: 0,
    stillSpooled: 0,
    // Of this machine's speed, which is not this test's business.
    inTime: expect.any(Number),
  });
}, 600_000);
