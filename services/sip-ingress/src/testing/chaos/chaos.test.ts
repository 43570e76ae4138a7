import { expect, test } from "@jest/globals";
import { runChaos } from "./chaos.js";

const EVENTS = 3_000;

test("kill -9 of the service, of Redis and of one of three brokers amid retried requests: each key is one event, none is missing", async () => {
  const report = await runChaos({
    events: EVENTS,
    clients: 50,
    progress: () => undefined,
  });
  expect(report).toMatchObject({
    accepted: EVENTS,
    missing: [],
    differing: [],
  });
  // It was chaos, and not a quiet day.
  expect(report.triedAgain).toBeGreaterThan(0);
}, 300_000);
