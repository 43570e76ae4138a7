// Run by a test as a process of its own, which is killed: spools events for brokers that are not there, without end.
import { once } from "node:events";
import { createBus } from "../bus/create-bus.js";
import { testDependencies, testEvent } from "../test-support.js";
import { SpooledPublisher } from "./spooled-publisher.js";

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
for (let n = 0; ; n++) {
  spool.publish("voice.contact.events", testEvent("killed", String(n)));
  if (n % 100 === 99) {
    // Let the writer have its turn; tell the test once there is plenty on the disk.
    await new Promise((resolve) => setImmediate(resolve));
    if (n > 3_000 && n % 1_000 === 999 && !process.stdout.write("spooled\n")) {
      await once(process.stdout, "drain");
    }
  }
}
