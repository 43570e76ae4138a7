import { runChaos } from "./chaos.js";

/** The whole of it: `pnpm --filter @easymo/sip-ingress chaos`. */

const EVENTS = 20_000;
const CLIENTS = 100;

const startedMs = performance.now();
const report = await runChaos({
  events: EVENTS,
  clients: CLIENTS,
  progress: (line) => process.stderr.write(`${line}\n`),
});
const { accepted, triedAgain, missing, differing } = report;
process.stdout.write(
  `sip-ingress: ${accepted} of ${EVENTS} keys accepted after ${triedAgain} tries in vain, ${missing.length} missing in Kafka, ${differing.length} with more than their one event id, in ${Math.round((performance.now() - startedMs) / 1_000)} s\n`,
);
const isWhole =
  accepted === EVENTS && missing.length === 0 && differing.length === 0;
// What was started has been stopped; clients' idle connections need not be waited for.
process.exit(isWhole ? 0 : 1);
