import { randomBytes } from "node:crypto";
import { access, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { classArchive, kafkaJava, type KafkaJava } from "./kafka-java.js";
import { formatNode, launchNode, type KafkaNode } from "./kafka-node.js";
import {
  makeCertificate,
  securedListeners,
  type KafkaUser,
  type SecuredListeners,
} from "./kafka-security.js";
import { randomName } from "./random-name.js";
import { freePorts, until } from "./wait.js";

/** A Kafka of one test's own, whose brokers may be killed. Brokers are numbered from 1; each is also a controller. */
export interface KafkaCluster {
  readonly brokers: readonly string[];
  /** The same brokers behind SASL (PLAIN, SCRAM-SHA-256 and -512) and behind TLS, when asked for. */
  readonly secured: SecuredListeners | undefined;
  /** Makes a topic and waits until each partition has its leader and all its replicas. */
  createTopic(
    topic: string,
    options: {
      partitions: number;
      replicas?: number;
      config?: Readonly<Record<string, string>>;
    },
  ): Promise<void>;
  /** SIGKILL: no leave-taking, nothing flushed. */
  kill9(brokerId: number): Promise<void>;
  /** SIGTERM: an orderly end. */
  stopBroker(brokerId: number): Promise<void>;
  /** The broker is there and does not answer, until it is thawed. */
  freeze(brokerId: number): void;
  thaw(brokerId: number): void;
  /** Starts a broker again on its old data and waits until it is in the cluster. */
  restart(brokerId: number): Promise<void>;
  /** Ends every broker and removes the data. */
  stop(): Promise<void>;
}

/** What a cluster is made of. */
export interface KafkaClusterOptions {
  brokers: number;
  /** Address of this machine on which clients reach the brokers; 127.0.0.1 unless told. */
  host?: string;
  /** Adds listeners that ask for this user, and one behind TLS. */
  user?: KafkaUser;
  /** Brokers that are measured: as fast as they get, and slower to start. */
  optimised?: boolean;
}

/** Starts a KRaft cluster on free ports, in a temporary folder; a few seconds, the first time some more. */
export async function startKafkaCluster(
  options: KafkaClusterOptions,
): Promise<KafkaCluster> {
  const java = await kafkaJava();
  if (options.optimised === true) {
    return startCluster({ ...java, options: [] }, options);
  }
  const archive = await classArchive(java);
  if (!(await exists(archive))) await archiveClasses(java, archive);
  // Not every Java makes one.
  const shared = (await exists(archive))
    ? [`-XX:SharedArchiveFile=${archive}`]
    : [];
  return startCluster(
    { ...java, options: [...java.options, ...shared] },
    options,
  );
}

/** Runs a broker up and down for the classes that it loads. Two at the same time make the same. */
async function archiveClasses(java: KafkaJava, archive: string): Promise<void> {
  const unfinished = `${archive}.${randomName("new")}`;
  const recording = `-XX:ArchiveClassesAtExit=${unfinished}`;
  const cluster = await startCluster(
    { ...java, options: [...java.options, recording] },
    { brokers: 1 },
  );
  await cluster.stopBroker(1);
  await cluster.stop();
  if (await exists(unfinished)) await rename(unfinished, archive);
}

async function startCluster(
  java: KafkaJava,
  { brokers, user, host = "127.0.0.1" }: KafkaClusterOptions,
): Promise<LocalCluster> {
  const folder = await mkdtemp(join(tmpdir(), "easymo-kafka-"));
  const ports = await freePorts(brokers * 4);
  const certificate =
    user === undefined ? undefined : await makeCertificate(folder);
  const nodes = Array.from({ length: brokers }, (_, at) => ({
    id: at + 1,
    host,
    port: ports[at * 4] ?? 0,
    controllerPort: ports[at * 4 + 1] ?? 0,
    security:
      user === undefined || certificate === undefined
        ? undefined
        : {
            user,
            certificate,
            saslPort: ports[at * 4 + 2] ?? 0,
            tlsPort: ports[at * 4 + 3] ?? 0,
          },
    folder: join(folder, `broker-${at + 1}`),
  }));
  const cluster = new LocalCluster(java, folder, nodes);
  try {
    await cluster.start();
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

class LocalCluster implements KafkaCluster {
  readonly brokers: readonly string[];
  readonly secured: SecuredListeners | undefined;
  readonly #java: KafkaJava;
  readonly #folder: string;
  readonly #nodes: readonly KafkaNode[];

  constructor(java: KafkaJava, folder: string, nodes: readonly KafkaNode[]) {
    this.#java = java;
    this.#folder = folder;
    this.#nodes = nodes;
    this.brokers = nodes.map(({ host, port }) => `${host}:${port}`);
    this.secured = securedListeners(nodes.map(({ security }) => security));
  }

  async start(): Promise<void> {
    const clusterId = randomBytes(16).toString("base64url");
    await Promise.all(
      this.#nodes.map((node) =>
        formatNode(this.#java, node, this.#nodes, clusterId),
      ),
    );
    await Promise.all(this.#nodes.map((node) => launchNode(this.#java, node)));
    await this.#whole();
  }

  async createTopic(
    topic: string,
    options: {
      partitions: number;
      replicas?: number;
      config?: Readonly<Record<string, string>>;
    },
  ): Promise<void> {
    const replicas = options.replicas ?? 1;
    await this.#admin(async (admin) => {
      await admin.createTopics({
        // Asked for too soon, a broker that has not heard of the topic yet answers with an error.
        waitForLeaders: false,
        topics: [
          {
            topic,
            numPartitions: options.partitions,
            replicationFactor: replicas,
            configEntries: Object.entries(options.config ?? {}).map(
              ([name, value]) => ({ name, value }),
            ),
          },
        ],
      });
      await until(
        async () => {
          const { topics } = await admin.fetchTopicMetadata({
            topics: [topic],
          });
          const partitions = topics[0]?.partitions ?? [];
          return (
            partitions.length === options.partitions &&
            partitions.every(
              ({ leader, isr }) => leader > 0 && isr.length === replicas,
            )
          );
        },
        { what: `Topic ${topic}` },
      );
    });
  }

  async kill9(brokerId: number): Promise<void> {
    await this.#node(brokerId).process?.kill();
  }

  async stopBroker(brokerId: number): Promise<void> {
    await this.#node(brokerId).process?.stop();
  }

  freeze(brokerId: number): void {
    this.#node(brokerId).process?.freeze();
  }

  thaw(brokerId: number): void {
    this.#node(brokerId).process?.thaw();
  }

  async restart(brokerId: number): Promise<void> {
    const node = this.#node(brokerId);
    await node.process?.kill();
    await launchNode(this.#java, node);
    await this.#whole();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map(async (node) => node.process?.kill()));
    await rm(this.#folder, { recursive: true, force: true });
  }

  #node(brokerId: number): KafkaNode {
    const node = this.#nodes.find(({ id }) => id === brokerId);
    if (node === undefined) throw new Error(`There is no broker ${brokerId}.`);
    return node;
  }

  /** Waits until every broker that runs is known to the cluster and caught up with every partition that it has. */
  async #whole(): Promise<void> {
    const running = this.#nodes.filter(
      ({ process }) => process?.isRunning() === true,
    ).length;
    await this.#admin((admin) =>
      until(
        async () => {
          const { brokers } = await admin.describeCluster();
          const { topics } = await admin.fetchTopicMetadata();
          const partitions = topics.flatMap((topic) => topic.partitions);
          return (
            brokers.length >= running &&
            partitions.every(
              ({ isr, replicas }) =>
                isr.length >= Math.min(replicas.length, running),
            )
          );
        },
        { what: "The cluster", timeoutMs: 150_000, everyMs: 100 },
      ),
    );
  }

  async #admin<T>(
    work: (admin: ReturnType<Kafka["admin"]>) => Promise<T>,
  ): Promise<T> {
    const alive = this.#nodes.filter(
      ({ process }) => process?.isRunning() === true,
    );
    const admin = new Kafka({
      clientId: "testbed",
      brokers: alive.map(({ host, port }) => `${host}:${port}`),
      logLevel: logLevel.NOTHING,
    }).admin();
    await until(() => admin.connect().then(() => true), { what: "Kafka" });
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  }
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
