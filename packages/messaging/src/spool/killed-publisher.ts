// Run by a test as a process of its own, which is killed: spools events for brokers that are not there, without end.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { createBus } from "../bus/create-bus.js";
import { testDependencies, testEvent } from "../test-support.js";
import { SpooledPublisher } from "./spooled-publisher.js";

const ENOUGH_BYTES = 1_000_000;

const [directory = "", broker = ""] = process.argv.slice(2);
const bus = createBus(
  { brokers: [broker], clientId: "killed", ssl: false },
  testDependencies(),
);
const spool = new SpooledPublisher({
  bus,
  directory,
  maxBytes: 1_024 * 1_024 * 1_024,
  ...testDependencies(),
});
await spool.open();
let told = false;
for (let n = 0; ; n++) {
  spool.publish("voice.contact.events", testEvent("killed", String(n)));
  // The writer has its turn; the test hears once there is plenty on the disk, and kills in the middle of more.
  if (n % 100 === 99 && (await bytesOnDisk()) > ENOUGH_BYTES && !told) {
    told = true;
    process.stdout.write("spooled\n");
  }
}

async function bytesOnDisk(): Promise<number> {
  const names = await readdir(directory);
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(directory, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
