import { kafkaBrokers, until } from "@easymo/testbed";
import { Kafka, logLevel } from "kafkajs";
import { testDependencies } from "../../test-support.js";
import type { BusHarness } from "../conformance.js";
import { createBus } from "../create-bus.js";

/** The real Kafka, with topics of the suite's own. */
export async function kafkaHarness(): Promise<BusHarness> {
  const brokers = await kafkaBrokers();
  const settings = { brokers, clientId: "conformance", ssl: false };
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const topics: string[] = [];
  return {
    connect: () => createBus(settings, testDependencies()),
    createTopic: async (topic, partitions) => {
      await admin.createTopics({
        waitForLeaders: false,
        topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }],
      });
      await until(async () => {
        const found = await admin.fetchTopicMetadata({ topics: [topic] });
        return found.topics[0]?.partitions.every(({ leader }) => leader >= 0);
      });
      topics.push(topic);
    },
    close: async () => {
      await admin.deleteTopics({ topics });
      await admin.disconnect();
    },
  };
}
