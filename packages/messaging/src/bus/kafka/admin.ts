import type { Admin, Kafka } from "kafkajs";
import { BusUnavailableError } from "../../errors.js";
import { CLIENT_RETRY } from "./client.js";

/** Questions to the cluster, on a connection of their own that is made when first needed and made anew after a failure. */
export class ClusterAdmin {
  readonly #kafka: Kafka;
  #admin: Promise<Admin> | undefined;
  #closed = false;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  /** How many partitions a topic has. Rejects with kafkajs' own error when there is no such topic. */
  async partitionCount(topic: string): Promise<number> {
    const { topics } = await this.ask((admin) =>
      admin.fetchTopicMetadata({ topics: [topic] }),
    );
    return topics[0]?.partitions.length ?? 0;
  }

  async ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    if (this.#closed) throw new BusUnavailableError("The bus is closed.");
    const connecting = (this.#admin ??= this.#connect());
    try {
      return await question(await connecting);
    } catch (error) {
      if (this.#admin === connecting) this.#admin = undefined;
      void this.#end(connecting);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#admin !== undefined) await this.#end(this.#admin);
  }

  async #connect(): Promise<Admin> {
    const admin = this.#kafka.admin({ retry: CLIENT_RETRY });
    try {
      await admin.connect();
      return admin;
    } catch (error) {
      await admin.disconnect().catch(() => undefined);
      throw error;
    }
  }

  async #end(connecting: Promise<Admin>): Promise<void> {
    try {
      await (await connecting).disconnect();
    } catch {
      // It never was, or no longer is, connected.
    }
  }
}
