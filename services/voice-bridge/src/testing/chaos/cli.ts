import { stopKafkaDuringCalls } from "./kafka-outage.js";

/** `pnpm --filter @easymo/voice-bridge chaos [calls] [seconds]`: Kafka stopped for a minute during 50 calls. */
const [calls = "50", seconds = "60"] = process.argv.slice(2);
const report = await stopKafkaDuringCalls({
  calls: Number(calls),
  outageMs: Number(seconds) * 1_000,
});
process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
const isWell =
  report.notOnce.length +
    report.outOfOrder.length +
    report.repeatedIds.length +
    report.refused +
    report.stillSpooled ===
    0 && report.inTime >= 0.99;
process.exitCode = isWell ? 0 : 1;
