import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { javaArguments, type KafkaJava } from "./kafka-java.js";
import {
  addresses,
  formatArguments,
  securityProperties,
  type NodeSecurity,
} from "./kafka-security.js";
import { startProcess, type RunningProcess } from "./process.js";
import { run } from "./run.js";
import { until } from "./wait.js";

/** A broker of a cluster for tests, which is a controller as well. */
export interface KafkaNode {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly controllerPort: number;
  readonly security: NodeSecurity | undefined;
  readonly folder: string;
  process?: RunningProcess;
}

/** Makes a node's folder what a broker starts from. */
export async function formatNode(
  java: KafkaJava,
  node: KafkaNode,
  nodes: readonly KafkaNode[],
  clusterId: string,
): Promise<void> {
  await mkdir(node.folder, { recursive: true });
  await writeFile(propertiesOf(node), properties(node, nodes));
  await run("java", [
    ...javaArguments(java, ["-Xmx64m"]),
    "kafka.tools.StorageTool",
    "format",
    // An id may begin with a dash: apart, it would be read as an option.
    `--cluster-id=${clusterId}`,
    "--config",
    propertiesOf(node),
    ...formatArguments(node.security),
  ]);
}

/** Starts a node, also again on its old data, and waits until it has started. */
export async function launchNode(
  java: KafkaJava,
  node: KafkaNode,
): Promise<void> {
  const logFile = join(node.folder, "server.log");
  await writeFile(logFile, "");
  const broker = await startProcess(
    "java",
    [
      ...javaArguments(java, ["-Xms128m", "-Xmx384m"]),
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
    { what: `Broker ${node.id}`, timeoutMs: 150_000, everyMs: 50 },
  );
}

function propertiesOf({ folder }: KafkaNode): string {
  return join(folder, "server.properties");
}

function properties(node: KafkaNode, nodes: readonly KafkaNode[]): string {
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
