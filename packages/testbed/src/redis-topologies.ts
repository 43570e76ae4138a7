import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunningProcess } from "./process.js";
import type { Redis } from "ioredis";
import { makeRedisCertificate, portSettings } from "./redis-security.js";
import {
  askRedis,
  startRedisProgram,
  startRedisServer,
  type RedisDoor,
} from "./redis-server.js";
import { freePorts, until } from "./wait.js";

/** Several Redis servers of one test's own, of which the one that matters can be killed. */
export interface RedisTopology {
  /** As `REDIS_URL` has it. */
  readonly url: string;
  /** PEM, of servers that speak TLS alone. */
  readonly certificate: string | undefined;
  /** Resolves when the replica has all that was written before. */
  replicated(): Promise<void>;
  /** SIGKILL of a master that has a replica; resolves when the replica is the master. */
  failOver(): Promise<void>;
  stop(): Promise<void>;
}

const MASTERS = 3;
const SLOTS = 16_384;
/** Nothing on disk; and a replica is served at once, not after five seconds in which others might ask as well. */
const IN_MEMORY = [
  ...["--save", "", "--appendonly", "no"],
  ...["--repl-diskless-sync-delay", "0"],
];
const NODE_TIMEOUT_MS = 2_000;
const SENTINEL_DOWN_MS = 1_000;
const FAIL_OVER_TIMEOUT_MS = 60_000;

export interface RedisTopologyOptions {
  /** TLS alone, among the servers too. */
  readonly tls?: boolean;
}

interface Server {
  readonly port: number;
  readonly process: RunningProcess;
  readonly door: RedisDoor;
}

const doorOf = (
  { tls = false }: RedisTopologyOptions,
  folder: string,
): Promise<RedisDoor> =>
  tls ? makeRedisCertificate(folder) : Promise.resolve(undefined);

const schemeOf = (door: RedisDoor): string =>
  door === undefined ? "redis" : "rediss";

/** Starts a Redis Cluster: three masters, and a replica of the first. */
export async function startRedisCluster(
  options: RedisTopologyOptions = {},
): Promise<RedisTopology> {
  const ports = await freePorts(2 * (MASTERS + 1));
  const folder = await mkdtemp(join(tmpdir(), "easymo-redis-cluster-"));
  const servers: Server[] = [];
  const stop = () => stopAll(servers, folder);
  try {
    const door = await doorOf(options, folder);
    for (let at = 0; at <= MASTERS; at++)
      servers.push(
        await startNode(
          folder,
          door,
          ports[2 * at] ?? 0,
          ports[2 * at + 1] ?? 0,
        ),
      );
    const [first, ...others] = servers;
    const replica = servers[MASTERS];
    if (first === undefined || replica === undefined)
      throw new Error("A cluster without servers.");
    for (const [at, { port }] of others.entries())
      await ask(first, (redis) =>
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
    const masterId = await ask(first, (redis) => redis.call("CLUSTER", "MYID"));
    await ask(replica, (redis) =>
      redis.call("CLUSTER", "REPLICATE", String(masterId)),
    );
    await linked(replica);
    return {
      certificate: door?.certificate,
      url: `${schemeOf(door)}+cluster://${servers.map(({ port }) => `127.0.0.1:${port}`).join(",")}`,
      replicated: () => replicated(first),
      failOver: () => failOver(first, replica),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts a master, its replica, and a sentinel that watches over them. */
export async function startRedisSentinel(
  options: RedisTopologyOptions = {},
): Promise<RedisTopology> {
  const [masterPort = 0, replicaPort = 0, sentinelPort = 0] =
    await freePorts(3);
  const folder = await mkdtemp(join(tmpdir(), "easymo-redis-sentinel-"));
  const servers: Server[] = [];
  const stop = () => stopAll(servers, folder);
  try {
    const door = await doorOf(options, folder);
    const start = async (port: number, settings: readonly string[]) => {
      const process = await startRedisServer(
        port,
        folder,
        [...IN_MEMORY, ...settings],
        door,
      );
      const server: Server = { port, process, door };
      servers.push(server);
      return server;
    };
    const master = await start(masterPort, []);
    const replica = await start(replicaPort, [
      ...["--replicaof", "127.0.0.1", String(masterPort)],
    ]);
    await linked(replica);
    servers.push(await startSentinel(folder, sentinelPort, master));
    return {
      certificate: door?.certificate,
      url: `${schemeOf(door)}+sentinel://127.0.0.1:${sentinelPort}/easymo`,
      replicated: () => replicated(master),
      failOver: () => failOver(master, replica),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startNode(
  parent: string,
  door: RedisDoor,
  port: number,
  busPort: number,
): Promise<Server> {
  const folder = join(parent, String(port));
  await mkdir(folder);
  const process = await startRedisServer(
    port,
    folder,
    [
      ...IN_MEMORY,
      ...["--cluster-enabled", "yes", "--cluster-port", String(busPort)],
      ...["--cluster-node-timeout", String(NODE_TIMEOUT_MS)],
      ...["--cluster-replica-validity-factor", "0"],
      ...(door === undefined ? [] : ["--tls-cluster", "yes"]),
    ],
    door,
  );
  return { port, process, door };
}

async function startSentinel(
  folder: string,
  port: number,
  { port: masterPort, door }: Server,
): Promise<Server> {
  // A sentinel writes what it finds out into its own file.
  const file = join(folder, "sentinel.conf");
  await writeFile(
    file,
    [
      "bind 127.0.0.1",
      ...portSettings(port, door).map((setting) => setting.join(" ")),
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
      const told = await askRedis(
        port,
        (redis) => redis.call("SENTINEL", "REPLICAS", "easymo"),
        door,
      );
      return Array.isArray(told) && told.length === 1;
    },
    { what: "The sentinel", timeoutMs: 120_000, everyMs: 100 },
  );
  return { port, process, door };
}

function ask<T>(
  { port, door }: Server,
  question: (redis: Redis) => Promise<T>,
): Promise<T> {
  return askRedis(port, question, door);
}

async function handOutSlots(masters: readonly Server[]): Promise<void> {
  for (const [at, master] of masters.entries()) {
    const first = Math.floor((at * SLOTS) / masters.length);
    const last = Math.floor(((at + 1) * SLOTS) / masters.length) - 1;
    await ask(master, (redis) =>
      redis.call("CLUSTER", "ADDSLOTSRANGE", first, last),
    );
  }
}

/** Every server knows every other, and that all slots are served. */
async function joined(servers: readonly Server[]): Promise<void> {
  for (const server of servers)
    await until(
      async () => {
        const info = String(
          await ask(server, (redis) => redis.call("CLUSTER", "INFO")),
        );
        return (
          info.includes("cluster_state:ok") &&
          info.includes(`cluster_known_nodes:${servers.length}`)
        );
      },
      { what: "The Redis cluster", timeoutMs: 120_000, everyMs: 50 },
    );
}

/** A replica has its master's data and follows it. */
async function linked(server: Server): Promise<void> {
  await until(
    async () => (await replicationOf(server)).includes("master_link_status:up"),
    { what: "The replica", timeoutMs: 120_000, everyMs: 50 },
  );
}

async function replicated(master: Server): Promise<void> {
  await until(
    async () => {
      const { sent, acknowledged } = offsets(await replicationOf(master));
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

async function failOver(master: Server, replica: Server): Promise<void> {
  await master.process.kill();
  await until(
    async () => (await replicationOf(replica)).includes("role:master"),
    { what: "The fail-over", timeoutMs: FAIL_OVER_TIMEOUT_MS, everyMs: 50 },
  );
}

function replicationOf(server: Server): Promise<string> {
  return ask(server, (redis) => redis.info("replication"));
}

async function stopAll(
  servers: readonly Server[],
  folder: string,
): Promise<void> {
  await Promise.all(servers.map(({ process }) => process.kill()));
  await rm(folder, { recursive: true, force: true });
}
