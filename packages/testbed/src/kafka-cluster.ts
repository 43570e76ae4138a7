import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import {
  addresses,
  formatArguments,
  makeCertificate,
  securedListeners,
  securityProperties,
  type KafkaUser,
  type NodeSecurity,
  type SecuredListeners,
} from "./kafka-security.js";
import { kafkaScript } from "./paths.js";
import { startProcess, type RunningProcess } from "./process.js";
import { run } from "./run.js";
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

interface Node {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly controllerPort: number;
  readonly security: NodeSecurity | undefined;
  readonly folder: string;
  process?: RunningProcess;
}

/** Starts a KRaft cluster on free ports, in a temporary folder; about 4 s for one broker, 8 s for three. */
export async function startKafkaCluster(options: {
  brokers: number;
  /** Address of this machine on which clients reach the brokers; 127.0.0.1 unless told. */
  host?: string;
  /** Adds listeners that ask for this user, and one behind TLS. */
  user?: KafkaUser;
}): Promise<KafkaCluster> {
  const jars = await run(kafkaScript("kafka-jars.sh"), []);
  const folder = await mkdtemp(join(tmpdir(), "easymo-kafka-"));
  const { user, host = "127.0.0.1" } = options;
  const ports = await freePorts(options.brokers * 4);
  const certificate =
    user === undefined ? undefined : await makeCertificate(folder);
  const nodes = Array.from({ length: options.brokers }, (_, at) => ({
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
  const cluster = new LocalCluster(jars, folder, nodes);
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
  readonly #jars: string;
  readonly #folder: string;
  readonly #nodes: readonly Node[];

  constructor(jars: string, folder: string, nodes: readonly Node[]) {
    this.#jars = jars;
    this.#folder = folder;
    this.#nodes = nodes;
    this.brokers = nodes.map(({ host, port }) => `${host}:${port}`);
    this.secured = securedListeners(nodes.map(({ security }) => security));
  }

  async start(): Promise<void> {
    const clusterId = randomBytes(16).toString("base64url");
    await Promise.all(
      this.#nodes.map(async (node) => {
        await mkdir(node.folder, { recursive: true });
        await writeFile(propertiesOf(node), properties(node, this.#nodes));
        await run("java", [
          "-Xmx64m",
          "-XX:TieredStopAtLevel=1",
          "-XX:+UseSerialGC",
          "-cp",
          `${this.#jars}/*`,
          "kafka.tools.StorageTool",
          "format",
          // An id may begin with a dash: apart, it would be read as an option.
          `--cluster-id=${clusterId}`,
          "--config",
          propertiesOf(node),
          ...formatArguments(node.security),
        ]);
      }),
    );
    await Promise.all(this.#nodes.map((node) => this.#launch(node)));
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
    await this.#launch(node);
    await this.#whole();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map(async (node) => node.process?.kill()));
    await rm(this.#folder, { recursive: true, force: true });
  }

  #node(brokerId: number): Node {
    const node = this.#nodes.find(({ id }) => id === brokerId);
    if (node === undefined) throw new Error(`There is no broker ${brokerId}.`);
    return node;
  }

  async #launch(node: Node): Promise<void> {
    const logFile = join(node.folder, "server.log");
    await writeFile(logFile, "");
    const broker = await startProcess(
      "java",
      [
        "-Xms128m",
        "-Xmx384m",
        `-Dlog4j2.configurationFile=${kafkaScript("log4j2.properties")}`,
        "-cp",
        `${this.#jars}/*`,
        "kafka.Kafka",
        propertiesOf(node),
      ],
      { logFile },
    );
    node.process = broker;
    await until(
      async () => {
        const log = await readFile(logFile, "utf8");
        if (broker.isRunning()) return log.includes("Kafka Server started");
        throw new Error(`Broker ${node.id} ended:\n${log.slice(-2_000)}`);
      },
      { what: `Broker ${node.id}`, timeoutMs: 90_000, everyMs: 50 },
    );
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
        { what: "The cluster", timeoutMs: 90_000, everyMs: 100 },
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

function propertiesOf({ folder }: Node): string {
  return join(folder, "server.properties");
}

function properties(node: Node, nodes: readonly Node[]): string {
  const replicas = Math.min(3, nodes.length);
  const voters = nodes.map(
    ({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`,
  );
  const settings = {
    "process.roles": "broker,controller",
    "node.id": node.id,
    "controller.quorum.voters": voters.join(","),
    "controller.listener.names": "CONTROLLER",
    listeners: [
      `PLAINTEXT://${node.host}:${node.port}`,
      `CONTROLLER://127.0.0.1:${node.controllerPort}`,
      ...addresses(node.security),
    ].join(","),
    "advertised.listeners": [
      `PLAINTEXT://${node.host}:${node.port}`,
      ...addresses(node.security),
    ].join(","),
    "listener.security.protocol.map":
      "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SSL",
    ...securityProperties(node.security),
    "inter.broker.listener.name": "PLAINTEXT",
    "log.dirs": join(node.folder, "data"),
    "auto.create.topics.enable": false,
    "offsets.topic.replication.factor": replicas,
    "offsets.topic.num.partitions": 2,
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 2,
    "share.coordinator.state.topic.replication.factor": replicas,
    "share.coordinator.state.topic.min.isr": 1,
    "group.initial.rebalance.delay.ms": 0,
    // A killed broker is noticed soon.
    "broker.session.timeout.ms": 3_000,
    "broker.heartbeat.interval.ms": 500,
  };
  return `${Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join("\n")}\n`;
}
