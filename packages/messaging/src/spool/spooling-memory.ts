// Run by a test as a process of its own, so that the memory is nobody else's: spools events through a long outage, and says
// how many there are, how many bytes are on the disk, and by how many bytes what is held on to has grown.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { until } from "@easymo/testbed";
import { createMemoryBus } from "../bus/memory/memory-bus.js";
import { range, testDependencies, testEvent } from "../test-support.js";
import { SpooledPublisher } from "./spooled-publisher.js";

const ROUNDS = 100;
const EVENTS_PER_ROUND = 100;
const PADDING_BYTES = 4_096;
/** With what is around the padding, everything has more. */
const ALL_BYTES = 40 * 1_024 * 1_024;

const [directory = ""] = process.argv.slice(2);
const bus = createMemoryBus();
bus.setAvailable(false);
const spool = new SpooledPublisher({
  bus,
  directory,
  maxBytes: 256 * 1_024 * 1_024,
  ...testDependencies(),
});
await spool.open();
const before = memoryInUse();
for (const round of range(ROUNDS)) {
  for (const n of range(EVENTS_PER_ROUND))
    spool.publish("voice.contact.events", {
      ...testEvent(`call-${round}-${n}`, `${round}-${n}`),
      subject: "x".repeat(PADDING_BYTES),
    });
  const written = (round + 1) * EVENTS_PER_ROUND * PADDING_BYTES;
  await until(async () => (await bytesOnDisk()) > written, { everyMs: 1 });
}
await until(async () => (await bytesOnDisk()) > ALL_BYTES, { everyMs: 1 });
const grownBytes = memoryInUse() - before;
process.stdout.write(
  JSON.stringify({
    records: spool.depth().records,
    bytesOnDisk: await bytesOnDisk(),
    grownBytes,
  }),
  () => process.exit(0),
);

/** What is held on to, buffers included, after a collection. */
function memoryInUse(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc()");
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function bytesOnDisk(): Promise<number> {
  const names = await readdir(directory);
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(directory, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
