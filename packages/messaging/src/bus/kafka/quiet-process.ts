// Run by a test as a process of its own: uses each kind of Kafka connection for a moment and writes one line.
import { testDependencies, testRecord } from "../../test-support.js";
import { createBus } from "../create-bus.js";

const [broker = "", group = ""] = process.argv.slice(2);
const bus = createBus(
  { brokers: [broker], clientId: "quiet", ssl: false },
  testDependencies(),
);
await bus.check();
await bus.publish([testRecord("voice.contact.events", group, group)]);
const received = new Promise<void>((resolve) => {
  void bus.subscribe({
    group,
    topics: ["voice.contact.events"],
    fromBeginning: true,
    onRecords: ({ records }) => {
      if (records.some(({ key }) => key === group)) resolve();
    },
  });
});
await received;
await bus.close();
process.stdout.write("published, received\n");
