import type { Kafka, Message, Producer } from "kafkajs";
import { CLIENT_RETRY } from "./client.js";
import { Convoys } from "./convoys.js";
import { MissingAcknowledgementError } from "./failures.js";

const ACK_ALL = -1;
/** How long a broker waits for its in-sync replicas before it answers that they did not come. */
const REPLICATION_TIMEOUT_MS = 8_000;
const METADATA_MAX_AGE_MS = 60_000;

/**
 * One idempotent producer: its id and its sequence per partition let a broker tell a batch that is sent again from a new one.
 *
 * That holds only while an unanswered batch is followed by nothing but itself: another batch with the same sequence would
 * be taken for the repeat, acknowledged, and thrown away. So whoever gives an unanswered batch up retires the producer.
 */
export class ProducerGeneration {
  retired = false;
  readonly #producer: Producer;
  #connected: Promise<void> | undefined;
  #users = 0;
  #disconnected = false;

  constructor(kafka: Kafka) {
    this.#producer = kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      retry: CLIENT_RETRY,
      // Each message says its own partition.
      createPartitioner: () => (args) => args.message.partition ?? 0,
    });
  }

  join(): void {
    this.#users += 1;
  }

  leave(): void {
    this.#users -= 1;
    this.#endWhenUnused();
  }

  retire(): void {
    this.retired = true;
    this.#endWhenUnused();
  }

  /** Rejects while no broker can be reached; may be called again. */
  async connect(): Promise<void> {
    this.#connected ??= this.#producer.connect().catch((error: unknown) => {
      this.#connected = undefined;
      throw error;
    });
    await this.#connected;
  }

  /** Sends to one partition. Resolves when all in-sync replicas have every message. */
  async send(
    topic: string,
    partition: number,
    messages: Message[],
  ): Promise<void> {
    const [failure] = await this.sendAll([{ topic, partition, messages }]);
    if (failure !== undefined) throw failure;
  }

  /**
   * Sends to partitions of one broker, in one request. Says of each what is wrong with its acknowledgement: kafkajs 2.2.4
   * leaves partitions out of the answer, and resolves, when one send spans brokers and one of them goes.
   */
  async sendAll(
    parts: readonly {
      readonly topic: string;
      readonly partition: number;
      readonly messages: Message[];
    }[],
  ): Promise<(Error | undefined)[]> {
    const answers = await this.#producer.sendBatch({
      topicMessages: byTopic(parts),
      acks: ACK_ALL,
      timeout: REPLICATION_TIMEOUT_MS,
    });
    return parts.map(({ topic, partition }) => {
      const isAcknowledged = answers.some(
        (answer) =>
          answer.topicName === topic &&
          answer.partition === partition &&
          answer.errorCode === 0,
      );
      return isAcknowledged
        ? undefined
        : new MissingAcknowledgementError(topic, partition);
    });
  }

  #endWhenUnused(): void {
    if (!this.retired || this.#users > 0 || this.#disconnected) return;
    this.#disconnected = true;
    // A connection that is broken already has nothing to say about being closed.
    void this.#producer.disconnect().catch(() => undefined);
  }
}

function byTopic(
  parts: readonly { readonly topic: string; readonly messages: Message[] }[],
): { topic: string; messages: Message[] }[] {
  const topics = new Map<string, Message[]>();
  for (const { topic, messages } of parts)
    topics.set(topic, [...(topics.get(topic) ?? []), ...messages]);
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
}

/** The producer that lanes take for their next batch. */
export class Producers {
  readonly convoys = new Convoys();
  readonly #kafka: Kafka;
  #current: ProducerGeneration | undefined;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  /** The present generation; the taker leaves it when done with its batch. */
  take(): ProducerGeneration {
    if (this.#current === undefined || this.#current.retired) {
      this.#current = new ProducerGeneration(this.#kafka);
    }
    this.#current.join();
    return this.#current;
  }

  close(): void {
    this.#current?.retire();
  }
}
