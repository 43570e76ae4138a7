import { postgresUrl } from "@easymo/testbed";
import { expect, test } from "@jest/globals";
import { chaos } from "./testing/chaos.js";

// The same, larger, is `make chaos`.
test("intents arrive once, all of them, though replicas are killed, Redis forgets everything and the wallet fails", async () => {
  const report = await chaos({
    intents: 60,
    brokers: 1,
    killEveryMs: 1_000,
    kills: 2,
    databaseUrl: await postgresUrl(),
    timeoutMs: 300_000,
    say: () => undefined,
  });
  expect(report).toMatchObject({
    wrong: [],
    reservations: 60,
    deadLetters: 0,
    unfinished: 0,
    unbalanced: 0,
  });
  expect(report.failures).toBeGreaterThan(0);
}, 420_000);
