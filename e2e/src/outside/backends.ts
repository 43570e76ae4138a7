import { createSocket } from "node:dgram";
import { fileURLToPath } from "node:url";
import {
  postgresUrl,
  startKafkaCluster,
  startRedis,
  type KafkaCluster,
  type OwnRedis,
} from "@easymo/testbed";
import { command } from "../cluster/command.js";
import { forward, type Forwarder } from "./forwarder.js";

const TOPICS = fileURLToPath(
  new URL("../../../infrastructure/kafka/kafka-topics.sh", import.meta.url),
);

/** A Kafka, a Redis and a Postgres of the run's own, where pods reach them. */
export interface Backends {
  readonly brokers: readonly string[];
  readonly kafkaPorts: readonly number[];
  readonly redisUrl: string;
  readonly redisPort: number;
  readonly databaseUrl: string;
  readonly postgresPort: number;
  close(): Promise<void>;
}

/** Starts them on an address of this machine; the topics are made as in production, by their script. */
export async function startBackends(host: string): Promise<Backends> {
  const [kafka, redis, database] = await Promise.all([
    startKafkaCluster({ brokers: 1, host }),
    startRedis(),
    postgresUrl(),
  ]);
  await command(TOPICS, [
    "--bootstrap-server",
    kafka.brokers.join(","),
    "--replication-factor",
    "1",
  ]);
  const url = new URL(database);
  const [redisDoor, postgresDoor] = await Promise.all([
    forward(host, redis.port),
    forward(host, Number(url.port)),
  ]);
  url.hostname = host;
  url.port = String(postgresDoor.port);
  return {
    brokers: kafka.brokers,
    kafkaPorts: kafka.brokers.map((broker) => Number(broker.split(":")[1])),
    redisUrl: `redis://${host}:${redisDoor.port}`,
    redisPort: redisDoor.port,
    databaseUrl: url.href,
    postgresPort: postgresDoor.port,
    close: () => closeAll(kafka, redis, [redisDoor, postgresDoor]),
  };
}

async function closeAll(
  kafka: KafkaCluster,
  redis: OwnRedis,
  doors: readonly Forwarder[],
): Promise<void> {
  await Promise.all(doors.map((door) => door.close()));
  await Promise.all([kafka.stop(), redis.stop()]);
}

/** The address from which this machine reaches another one. */
export function addressTowards(host: string): Promise<string> {
  const socket = createSocket("udp4");
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    // Nothing is sent: the kernel only chooses the route.
    socket.connect(9, host, () => {
      resolve(socket.address().address);
      socket.close();
    });
  });
}
