import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { kafkaScript } from "./paths.js";
import { startProcess, type RunningProcess } from "./process.js";
import { run } from "./run.js";
import { freePorts, until } from "./wait.js";

/** A Redis of one test's own, that may be killed. */
export interface OwnRedis {
  readonly url: string;
  readonly port: number;
  /** SIGKILL: what was in it is gone. */
  kill(): Promise<void>;
  /** SIGSTOP and SIGCONT: there, but without an answer. */
  freeze(): void;
  thaw(): void;
  /** Starts it again, empty, on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a Redis on a free port, in a temporary folder. */
export async function startRedis(): Promise<OwnRedis> {
  const [port = 0] = await freePorts(1);
  const folder = await mkdtemp(join(tmpdir(), "easymo-redis-"));
  const url = `redis://127.0.0.1:${port}`;
  let server = await start(port, folder);
  return {
    url,
    port,
    kill: () => server.kill(),
    freeze: () => void process.kill(server.pid, "SIGSTOP"),
    thaw: () => void process.kill(server.pid, "SIGCONT"),
    restart: async () => {
      await server.kill();
      server = await start(port, folder);
    },
    stop: async () => {
      await server.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function start(port: number, folder: string): Promise<RunningProcess> {
  const args = ["--bind", "127.0.0.1", "--port", String(port)];
  const quiet = ["--dir", folder, "--save", "", "--appendonly", "no"];
  const logFile = join(folder, "redis.log");
  const begin = (): Promise<RunningProcess> =>
    startProcess("redis-server", [...args, ...quiet], { logFile });
  const server = await begin().catch(async () => {
    // Not installed: the shared one's script knows how to.
    await run(kafkaScript("kafka-up.sh"), ["--only", "redis"]);
    return begin();
  });
  await until(() => pong(port), { what: "Redis", timeoutMs: 15_000 });
  return server;
}

async function pong(port: number): Promise<boolean> {
  const client = new Redis({
    port,
    host: "127.0.0.1",
    lazyConnect: true,
    retryStrategy: () => null,
  });
  // Not being there yet is what `until` waits out.
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.ping();
    return true;
  } finally {
    client.disconnect();
  }
}
