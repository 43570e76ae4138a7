import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import { bargeIn } from "./benchmarks/barge-in.js";
import { capacity } from "./benchmarks/capacity.js";
import { ingest } from "./benchmarks/ingest.js";
import { latency } from "./benchmarks/latency.js";
import { media } from "./benchmarks/media.js";
import { memory } from "./benchmarks/memory.js";
import { orchestrator } from "./benchmarks/orchestrator.js";
import { soak } from "./benchmarks/soak.js";
import {
  benchmarkNames,
  readOptions,
  USAGE,
  type BenchmarkName,
  type Options,
} from "./options.js";
import { formatSection, type Section } from "./report/section.js";
import { canPin } from "./run/child.js";

type Benchmark = (
  options: Options,
  progress: (line: string) => void,
) => Promise<Section>;

const BENCHMARKS: Record<BenchmarkName, Benchmark> = {
  media,
  latency,
  capacity,
  memory,
  "barge-in": bargeIn,
  ingest,
  orchestrator,
  soak,
};
const RESULTS = new URL("../results/", import.meta.url);

const options = optionsOrExit();
const machine = {
  cpu: cpus()[0]?.model ?? "unknown",
  cores: availableParallelism(),
  node: process.version,
  pinned: canPin(),
  loadAverage: loadavg()[0] ?? 0,
};
process.stdout.write(
  `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load ${machine.loadAverage.toFixed(2)}; ${machine.pinned ? "one core for what is measured, another for the load" : "NOT pinned to cores: needs Linux and two of them"}\n\n`,
);
const sections: Record<string, Section> = {};
for (const name of benchmarkNames) {
  const isWanted =
    options.benchmarks.length === 0
      ? name !== "soak"
      : options.benchmarks.includes(name);
  if (!isWanted) continue;
  const section = await BENCHMARKS[name](options, (line) => {
    process.stderr.write(`${name}: ${line}\n`);
  });
  sections[name] = section;
  process.stdout.write(`\n${formatSection(section)}`);
}
mkdirSync(RESULTS, { recursive: true });
writeFileSync(
  new URL("latest.json", RESULTS),
  `${JSON.stringify({ at: new Date().toISOString(), machine, options, sections }, undefined, 2)}\n`,
);

function optionsOrExit(): Options {
  try {
    const read = readOptions(process.argv.slice(2));
    if (!read.help) return read;
    process.stdout.write(USAGE);
    process.exit(0);
  } catch (error) {
    process.stderr.write(
      `${error instanceof Error ? error.message : "bad options"}\n\n${USAGE}`,
    );
    process.exit(2);
  }
}
