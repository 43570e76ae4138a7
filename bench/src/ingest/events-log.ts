import { Kafka, logLevel, type Admin } from "kafkajs";
import { EVENTS_TOPIC } from "./subject.js";

/** Tells how many records Kafka has on the events' topic. */
export class EventsLog {
  readonly #admin: Admin;

  constructor(brokers: readonly string[]) {
    this.#admin = new Kafka({
      clientId: "bench",
      brokers: [...brokers],
      logLevel: logLevel.NOTHING,
    }).admin();
  }

  async open(): Promise<void> {
    await this.#admin.connect();
  }

  async length(): Promise<number> {
    const partitions = await this.#admin.fetchTopicOffsets(EVENTS_TOPIC);
    return partitions.reduce((sum, { high }) => sum + Number(high), 0);
  }

  async close(): Promise<void> {
    await this.#admin.disconnect();
  }
}
