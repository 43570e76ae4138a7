import { Redis } from "ioredis";
import { join } from "node:path";
import { kafkaScript } from "./paths.js";
import { startProcess, type RunningProcess } from "./process.js";
import { run } from "./run.js";
import { until } from "./wait.js";

/** Starts `redis-server` in a folder, with its data there, and waits until it answers. */
export async function startRedisServer(
  port: number,
  folder: string,
  settings: readonly string[],
): Promise<RunningProcess> {
  const args = ["--bind", "127.0.0.1", "--port", String(port), "--dir", folder];
  const server = await startRedisProgram([...args, ...settings], folder, port);
  // Answers with an error while it reads what it kept.
  await until(() => askRedis(port, (redis) => redis.ping()), {
    what: "Redis",
    timeoutMs: 30_000,
  });
  return server;
}

/** The program itself, with whatever arguments; fetched when it is not installed. */
export async function startRedisProgram(
  args: readonly string[],
  folder: string,
  port: number,
): Promise<RunningProcess> {
  const logFile = join(folder, `redis-${port}.log`);
  const begin = (): Promise<RunningProcess> =>
    startProcess("redis-server", [...args], { logFile });
  return begin().catch(async () => {
    // Not installed: the shared one's script knows how to.
    await run(kafkaScript("kafka-up.sh"), ["--only", "redis"]);
    return begin();
  });
}

/** Asks the Redis on a port one thing, on a connection of its own. */
export async function askRedis<T>(
  port: number,
  question: (redis: Redis) => Promise<T>,
): Promise<T> {
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
    return await question(client);
  } finally {
    client.disconnect();
  }
}
