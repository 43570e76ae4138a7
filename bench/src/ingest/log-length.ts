import { Kafka, logLevel } from "kafkajs";
import { EVENTS_TOPIC } from "./subject.js";

/** How many records Kafka has on the events' topic. */
export async function logLength(brokers: readonly string[]): Promise<number> {
  const admin = new Kafka({
    clientId: "bench",
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
  }).admin();
  await admin.connect();
  try {
    const partitions = await admin.fetchTopicOffsets(EVENTS_TOPIC);
    return partitions.reduce((sum, { high }) => sum + Number(high), 0);
  } finally {
    await admin.disconnect();
  }
}
