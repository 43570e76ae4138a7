import { createMemoryBus } from "../bus/memory/memory-bus.js";
import { describeConsumer } from "./conformance.js";

describeConsumer("a consumer on the in-process bus", () => {
  const bus = createMemoryBus();
  return Promise.resolve({
    connect: () => bus,
    createTopic: (topic, partitions) => {
      bus.addTopic(topic, partitions);
      return Promise.resolve();
    },
    close: () => bus.close(),
  });
});
