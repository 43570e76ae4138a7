import type { Admin, Kafka } from "kafkajs";
import { BusUnavailableError } from "../../errors.js";
import { CLIENT_RETRY } from "./client.js";
import { protocolErrorOf } from "./failures.js";

/**
 * A connection and how many questions are under way on it. It is closed when the last has its answer: kafkajs connects
 * again, for good, when a question is asked of a client that was closed meanwhile.
 */
class AdminConnection {
  readonly #connected: Promise<Admin>;
  #questions = 0;
  #discarded = false;
  #ended: Promise<void> | undefined;
  #resolveEnded: () => void = () => undefined;

  constructor(kafka: Kafka) {
    const admin = kafka.admin({ retry: CLIENT_RETRY });
    this.#connected = admin.connect().then(
      () => admin,
      async (error: unknown) => {
        await admin.disconnect().catch(() => undefined);
        throw error;
      },
    );
  }

  async ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    this.#questions += 1;
    try {
      return await question(await this.#connected);
    } finally {
      this.#questions -= 1;
      this.#endWhenUnused();
    }
  }

  /** Resolves when it is closed, after the last answer. */
  discard(): Promise<void> {
    this.#discarded = true;
    this.#ended ??= new Promise((resolve) => (this.#resolveEnded = resolve));
    this.#endWhenUnused();
    return this.#ended;
  }

  #endWhenUnused(): void {
    if (!this.#discarded || this.#questions > 0) return;
    void this.#connected
      .then((admin) => admin.disconnect())
      // It never was, or no longer is, connected.
      .catch(() => undefined)
      .then(this.#resolveEnded);
  }
}

/** Questions to the cluster, on a connection of their own that is made when first needed and made anew after a failure. */
export class ClusterAdmin {
  readonly #kafka: Kafka;
  #connection: AdminConnection | undefined;
  #closed = false;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  /** The brokers that lead a topic's partitions, one by one. Rejects with kafkajs' own error when there is no such topic. */
  async leaders(topic: string): Promise<number[]> {
    const { topics } = await this.ask((admin) =>
      admin.fetchTopicMetadata({ topics: [topic] }),
    );
    const leaders: number[] = [];
    for (const { partitionId, leader } of topics[0]?.partitions ?? [])
      leaders[partitionId] = leader;
    return leaders;
  }

  async ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    if (this.#closed) throw new BusUnavailableError("The bus is closed.");
    const connection = (this.#connection ??= new AdminConnection(this.#kafka));
    try {
      return await connection.ask(question);
    } catch (error) {
      // An answer that is an error says nothing against the connection that it came on.
      if (protocolErrorOf(error) === undefined) {
        if (this.#connection === connection) this.#connection = undefined;
        void connection.discard();
      }
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#connection?.discard();
  }
}
