// The order of the suites: those that wait for brokers, browsers and processes of their own begin, and the others run
// beside them. Left to the size of its file, as Jest does where it has not run yet, a suite of a minute may come last.
import { readFile } from "node:fs/promises";
import TestSequencer from "@jest/test-sequencer";

const waits =
  /\b(startKafkaCluster|startApiServer|startRedis(Cluster|Sentinel)|ServiceProcess|Signalling|World|chaos)\b/;

export default class LongestFirst extends TestSequencer {
  async sort(tests) {
    const known = super.sort(tests);
    const texts = await Promise.all(
      known.map(({ path }) => readFile(path, "utf8")),
    );
    const first = known.filter((_, at) => waits.test(texts[at] ?? ""));
    return [...new Set([...first, ...known])];
  }
}
