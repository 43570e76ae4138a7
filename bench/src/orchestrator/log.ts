import { setTimeout as delay } from "node:timers/promises";
import { Kafka, logLevel, type Admin } from "kafkajs";
import type { KafkaCluster } from "@easymo/testbed";
import { groupOf, topicOf, type FollowingSubjectName } from "./subject.js";
import type { WorkloadName } from "./subject.js";
import { Workload } from "./workload.js";

const PARTITIONS = 6;
const RECORDS_PER_SEND = 5_000;
const ACK_ALL = -1;
const TOPICS = [
  "voice.media.events",
  "voice.contact.events",
  "voice.sip.events",
  "whatsapp.inbound",
  "whatsapp.outbound",
  "broker.outbound",
  "broker.retry",
  "broker.dlq",
];

/** The brokers' side of the benchmark: topics that are filled once and read by everyone in turn. */
export class Log {
  readonly #cluster: KafkaCluster;
  readonly #kafka: Kafka;
  readonly #admin: Admin;

  private constructor(cluster: KafkaCluster) {
    this.#cluster = cluster;
    this.#kafka = new Kafka({
      clientId: "bench",
      brokers: [...cluster.brokers],
      logLevel: logLevel.NOTHING,
    });
    this.#admin = this.#kafka.admin();
  }

  static async open(cluster: KafkaCluster): Promise<Log> {
    const log = new Log(cluster);
    await log.#admin.connect();
    for (const topic of TOPICS) await log.#create(topic);
    return log;
  }

  get brokers(): readonly string[] {
    return this.#cluster.brokers;
  }

  async close(): Promise<void> {
    await this.#admin.disconnect();
  }

  /** Makes everything anew that subjects follow, with so many events on the workload's topic and nothing on the others. */
  async fill(
    name: WorkloadName,
    records: number,
    turnsOfEach: number,
  ): Promise<void> {
    const topic = topicOf[name];
    const topics = Object.values(topicOf);
    await this.#admin.deleteTopics({ topics });
    for (const one of topics) await this.#create(one);
    const workload = new Workload(name, turnsOfEach);
    const producer = this.#kafka.producer();
    await producer.connect();
    for (let from = 0; from < records; from += RECORDS_PER_SEND) {
      const count = Math.min(RECORDS_PER_SEND, records - from);
      const messages = Array.from({ length: count }, (_, at) => {
        const { key, value, headers } = workload.record(from + at);
        return { key, value, headers };
      });
      await producer.send({ topic, acks: ACK_ALL, messages });
    }
    await producer.disconnect();
  }

  /** The subject has read nothing yet. */
  async rewind(subject: FollowingSubjectName): Promise<void> {
    const group = groupOf(subject);
    for (;;) {
      const { groups } = await this.#admin.listGroups();
      if (groups.every(({ groupId }) => groupId !== group)) return;
      // While a member is leaving, the group cannot go.
      await this.#admin.deleteGroups([group]).catch(() => delay(100));
    }
  }

  /** What of a topic the subject has committed. */
  async committed(
    subject: FollowingSubjectName,
    topic: string,
  ): Promise<number> {
    const [offsets] = await this.#admin.fetchOffsets({
      groupId: groupOf(subject),
      topics: [topic],
    });
    return (offsets?.partitions ?? []).reduce(
      (sum, { offset }) => sum + Math.max(0, Number(offset)),
      0,
    );
  }

  async length(topic: string): Promise<number> {
    const partitions = await this.#admin.fetchTopicOffsets(topic);
    return partitions.reduce((sum, { high }) => sum + Number(high), 0);
  }

  async #create(topic: string): Promise<void> {
    for (let tries = 1; ; tries++)
      try {
        await this.#cluster.createTopic(topic, { partitions: PARTITIONS });
        return;
      } catch (error) {
        // What was deleted just now may still be there.
        if (tries === 50) throw error;
        await delay(100);
      }
  }
}
