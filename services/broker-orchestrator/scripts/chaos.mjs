// The whole trial: 5,000 intents through two replicas of which one is killed every 2 s, three brokers of which one is
// killed and comes back, a Redis that is restarted empty, and a wallet that fails one time in five.
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { postgresUrl } from "@easymo/testbed";
import { chaos } from "../dist/testing/chaos.js";

const USAGE = `Sends intents through replicas that are killed all the time, and counts what arrives.

  --intents <n>   how many (default: CHAOS_INTENTS, or 5000)
  --kills <n>     how many times a replica is killed, one every 2 s (default: 20)
  --brokers <n>   1, or 3 of which one is killed and comes back (default: 3)
  --help

Exit codes: 0 every effect once and none missing, 1 not so, 64 wrong command line.
`;

function optionsOf(args) {
  const number = { type: "string" };
  const { values } = parseArgs({
    // pnpm hands a bare -- on.
    args: args.filter((argument) => argument !== "--"),
    options: {
      intents: { ...number, default: process.env.CHAOS_INTENTS ?? "5000" },
      kills: { ...number, default: "20" },
      brokers: { ...number, default: "3" },
      help: { type: "boolean", default: false },
    },
  });
  const [intents, kills, brokers] = [
    values.intents,
    values.kills,
    values.brokers,
  ].map(Number);
  if (![intents, kills].every((count) => Number.isInteger(count) && count > 0))
    throw new Error("--intents and --kills take whole numbers from 1 on.");
  if (brokers !== 1 && brokers !== 3)
    throw new Error("--brokers takes 1 or 3.");
  return { intents, kills, brokers, help: values.help };
}

function readOptions() {
  try {
    return optionsOf(process.argv.slice(2));
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exit(64);
  }
}

const { intents, kills, brokers, help } = readOptions();
if (help) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const startedMs = performance.now();
const say = (words) => {
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${seconds.padStart(6)} s  ${words}`);
};
const report = await chaos({
  intents,
  brokers,
  killEveryMs: 2_000,
  kills,
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
