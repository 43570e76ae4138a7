import { createMemoryBus } from "../bus/memory/memory-bus.js";
import { describeBatchConsumer } from "./batch-conformance.js";

describeBatchConsumer("a batched consumer on the in-process bus", () => {
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
