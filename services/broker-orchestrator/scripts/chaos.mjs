// The whole trial: 5,000 intents through two replicas of which one is killed every 2 s, three brokers of which one is
// killed and comes back, a Redis that is restarted empty, and a wallet that fails one time in five.
import { performance } from "node:perf_hooks";
import { postgresUrl } from "@easymo/testbed";
import { chaos } from "../dist/testing/chaos.js";

const startedMs = performance.now();
const say = (words) => {
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${seconds.padStart(6)} s  ${words}`);
};
const intents = Number(process.env.CHAOS_INTENTS ?? 5_000);
const report = await chaos({
  intents,
  brokers: 3,
  killEveryMs: 2_000,
  kills: 20,
  databaseUrl: await postgresUrl(),
  timeoutMs: 600_000,
  say,
});
console.log(report);
const isWhole =
  report.wrong.length === 0 &&
  report.reservations === intents &&
  report.deadLetters === 0 &&
  report.unfinished === 0 &&
  report.unbalanced === 0;
say(isWhole ? "every effect once, none missing" : "that is not right");
process.exit(isWhole ? 0 : 1);
