import { createBus, topicCatalogue, type Bus } from "@easymo/messaging";
import {
  ServiceProcess,
  startKafkaCluster,
  startRedis,
  until,
  type KafkaCluster,
  type OwnRedis,
} from "@easymo/testbed";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROUTING, SECRET } from "./events.js";
import { EventLog, quietKit, startAgentCore } from "./running.js";
import { StandIn } from "./stand-in.js";

/** Everything around the replicas. */
export interface World {
  readonly cluster: KafkaCluster;
  readonly redis: OwnRedis;
  readonly standIn: StandIn;
  readonly agentCoreUrl: string;
  readonly bus: Bus;
  readonly log: EventLog;
  readonly folder: string;
  close(): Promise<void>;
}

/** Two replicas, one of which is always about to be killed. */
export class Replicas {
  readonly #world: World;
  #processes: ServiceProcess[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  async start(): Promise<void> {
    this.#processes = await Promise.all([this.#launch(), this.#launch()]);
    await Promise.all(
      this.#processes.map((one) =>
        until(() => one.answers("/readyz"), {
          what: "a replica",
          timeoutMs: 120_000,
        }),
      ),
    );
  }

  async killOne(turn: number): Promise<void> {
    const at = turn % 2;
    await this.#processes[at]?.stop();
    this.#processes[at] = await this.#launch();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((one) => one.stop()));
  }

  #launch(): Promise<ServiceProcess> {
    const { cluster, redis, standIn, agentCoreUrl, folder } = this.#world;
    return ServiceProcess.launch("broker-orchestrator", {
      KAFKA_BROKERS: cluster.brokers.join(","),
      REDIS_URL: redis.url,
      ROUTING_FILE: join(folder, "routing.yaml"),
      AGENT_CORE_URL: agentCoreUrl,
      AGENT_CORE_JWT_SECRET: SECRET,
      WALLET_SERVICE_URL: standIn.url,
      BUYER_SERVICE_URL: standIn.url,
      RANKING_SERVICE_URL: standIn.url,
      RETRY_DELAYS_SECONDS: "1,2,5,10,30,60",
      LOG_LEVEL: "warn",
    });
  }
}

/** A Kafka, a Redis, an agent-core, and a wallet that fails one time in five. */
export async function startWorld(options: {
  readonly brokers: 1 | 3;
  readonly databaseUrl: string;
}): Promise<World> {
  const [cluster, redis, standIn, agentCore, folder] = await Promise.all([
    startKafkaCluster({ brokers: options.brokers }),
    startRedis(),
    StandIn.start(),
    startAgentCore(options.databaseUrl),
    mkdtemp(join(tmpdir(), "broker-chaos-")),
  ]);
  let asked = 0;
  standIn.forwardTo = agentCore.url;
  standIn.fails = ({ path }) =>
    path.startsWith("/wallet") && (asked += 1) % 5 === 0;
  await writeFile(join(folder, "routing.yaml"), ROUTING);
  for (const { name, partitions } of topicCatalogue)
    await cluster.createTopic(name, {
      partitions,
      replicas: options.brokers,
      config: {
        "min.insync.replicas": options.brokers === 1 ? "1" : "2",
      },
    });
  const bus = createBus(
    { brokers: cluster.brokers, clientId: "broker-chaos", ssl: false },
    quietKit("chaos"),
  );
  const log = await EventLog.of(bus);
  return {
    cluster,
    redis,
    standIn,
    agentCoreUrl: agentCore.url,
    bus,
    log,
    folder,
    async close() {
      await bus.close();
      await Promise.all([agentCore.close(), standIn.close()]);
      await Promise.all([cluster.stop(), redis.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
