import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunningProcess } from "./process.js";
import {
  askRedis,
  startRedisProgram,
  startRedisServer,
} from "./redis-server.js";
import { freePorts, until } from "./wait.js";

/** Several Redis servers of one test's own, of which the one that matters can be killed. */
export interface RedisTopology {
  /** As `REDIS_URL` has it. */
  readonly url: string;
  /** Resolves when the replica has all that was written before. */
  replicated(): Promise<void>;
  /** SIGKILL of a master that has a replica; resolves when the replica is the master. */
  failOver(): Promise<void>;
  stop(): Promise<void>;
}

const MASTERS = 3;
const SLOTS = 16_384;
const NODE_TIMEOUT_MS = 2_000;
const SENTINEL_DOWN_MS = 1_000;
const FAIL_OVER_TIMEOUT_MS = 60_000;

interface Server {
  readonly port: number;
  readonly process: RunningProcess;
}

/** Starts a Redis Cluster: three masters, and a replica of the first. */
export async function startRedisCluster(): Promise<RedisTopology> {
  const ports = await freePorts(2 * (MASTERS + 1));
  const folder = await mkdtemp(join(tmpdir(), "easymo-redis-cluster-"));
  const servers: Server[] = [];
  const stop = () => stopAll(servers, folder);
  try {
    for (let at = 0; at <= MASTERS; at++)
      servers.push(
        await startNode(folder, ports[2 * at] ?? 0, ports[2 * at + 1] ?? 0),
      );
    const [first, ...others] = servers;
    const replica = servers[MASTERS];
    if (first === undefined || replica === undefined)
      throw new Error("A cluster without servers.");
    for (const [at, { port }] of others.entries())
      await askRedis(first.port, (redis) =>
        redis.call(
          "CLUSTER",
          "MEET",
          "127.0.0.1",
          port,
          ports[2 * at + 3] ?? 0,
        ),
      );
    await handOutSlots(servers.slice(0, MASTERS));
    await joined(servers);
    const masterId = await askRedis(first.port, (redis) =>
      redis.call("CLUSTER", "MYID"),
    );
    await askRedis(replica.port, (redis) =>
      redis.call("CLUSTER", "REPLICATE", String(masterId)),
    );
    await linked(replica.port);
    return {
      url: `redis+cluster://${servers.map(({ port }) => `127.0.0.1:${port}`).join(",")}`,
      replicated: () => replicated(first.port),
      failOver: () => failOver(first, replica.port),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts a master, its replica, and a sentinel that watches over them. */
export async function startRedisSentinel(): Promise<RedisTopology> {
  const [masterPort = 0, replicaPort = 0, sentinelPort = 0] =
    await freePorts(3);
  const folder = await mkdtemp(join(tmpdir(), "easymo-redis-sentinel-"));
  const servers: Server[] = [];
  const stop = () => stopAll(servers, folder);
  try {
    const plain = ["--save", "", "--appendonly", "no"];
    const master = {
      port: masterPort,
      process: await startRedisServer(masterPort, folder, plain),
    };
    servers.push(master);
    servers.push({
      port: replicaPort,
      process: await startRedisServer(replicaPort, folder, [
        ...plain,
        ...["--replicaof", "127.0.0.1", String(masterPort)],
      ]),
    });
    await linked(replicaPort);
    servers.push(await startSentinel(folder, sentinelPort, masterPort));
    return {
      url: `redis+sentinel://127.0.0.1:${sentinelPort}/easymo`,
      replicated: () => replicated(masterPort),
      failOver: () => failOver(master, replicaPort),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startNode(
  parent: string,
  port: number,
  busPort: number,
): Promise<Server> {
  const folder = join(parent, String(port));
  await mkdir(folder);
  const process = await startRedisServer(port, folder, [
    ...["--save", "", "--appendonly", "no"],
    ...["--cluster-enabled", "yes", "--cluster-port", String(busPort)],
    ...["--cluster-node-timeout", String(NODE_TIMEOUT_MS)],
    ...["--cluster-replica-validity-factor", "0"],
  ]);
  return { port, process };
}

async function startSentinel(
  folder: string,
  port: number,
  masterPort: number,
): Promise<Server> {
  // A sentinel writes what it finds out into its own file.
  const file = join(folder, "sentinel.conf");
  await writeFile(
    file,
    [
      "bind 127.0.0.1",
      `port ${port}`,
      `dir ${folder}`,
      `sentinel monitor easymo 127.0.0.1 ${masterPort} 1`,
      `sentinel down-after-milliseconds easymo ${SENTINEL_DOWN_MS}`,
      "sentinel failover-timeout easymo 10000",
      "",
    ].join("\n"),
  );
  const process = await startRedisProgram([file, "--sentinel"], folder, port);
  await until(
    async () => {
      const told = await askRedis(port, (redis) =>
        redis.call("SENTINEL", "REPLICAS", "easymo"),
      );
      return Array.isArray(told) && told.length === 1;
    },
    { what: "The sentinel", timeoutMs: 30_000, everyMs: 100 },
  );
  return { port, process };
}

async function handOutSlots(masters: readonly Server[]): Promise<void> {
  for (const [at, { port }] of masters.entries()) {
    const first = Math.floor((at * SLOTS) / masters.length);
    const last = Math.floor(((at + 1) * SLOTS) / masters.length) - 1;
    await askRedis(port, (redis) =>
      redis.call("CLUSTER", "ADDSLOTSRANGE", first, last),
    );
  }
}

/** Every server knows every other, and that all slots are served. */
async function joined(servers: readonly Server[]): Promise<void> {
  for (const { port } of servers)
    await until(
      async () => {
        const info = String(
          await askRedis(port, (redis) => redis.call("CLUSTER", "INFO")),
        );
        return (
          info.includes("cluster_state:ok") &&
          info.includes(`cluster_known_nodes:${servers.length}`)
        );
      },
      { what: "The Redis cluster", timeoutMs: 30_000, everyMs: 50 },
    );
}

/** A replica has its master's data and follows it. */
async function linked(port: number): Promise<void> {
  await until(
    async () => (await replicationOf(port)).includes("master_link_status:up"),
    { what: "The replica", timeoutMs: 30_000, everyMs: 50 },
  );
}

async function replicated(masterPort: number): Promise<void> {
  await until(
    async () => {
      const { sent, acknowledged } = offsets(await replicationOf(masterPort));
      return sent !== undefined && sent === acknowledged;
    },
    { what: "The replica's acknowledgement", everyMs: 50 },
  );
}

function offsets(info: string): {
  sent: string | undefined;
  acknowledged: string | undefined;
} {
  return {
    sent: /master_repl_offset:(\d+)/.exec(info)?.[1],
    acknowledged: /slave0:.*offset=(\d+)/.exec(info)?.[1],
  };
}

async function failOver(master: Server, replicaPort: number): Promise<void> {
  await master.process.kill();
  await until(
    async () => (await replicationOf(replicaPort)).includes("role:master"),
    { what: "The fail-over", timeoutMs: FAIL_OVER_TIMEOUT_MS, everyMs: 50 },
  );
}

function replicationOf(port: number): Promise<string> {
  return askRedis(port, (redis) => redis.info("replication"));
}

async function stopAll(
  servers: readonly Server[],
  folder: string,
): Promise<void> {
  await Promise.all(servers.map(({ process }) => process.kill()));
  await rm(folder, { recursive: true, force: true });
}
