import { Redis } from "ioredis";
import { join } from "node:path";
import { kafkaScript } from "./paths.js";
import { startProcess, type RunningProcess } from "./process.js";
import { portSettings, type RedisCertificate } from "./redis-security.js";
import { run } from "./run.js";
import { until } from "./wait.js";

/** How servers are spoken with: in clear, or by TLS with this certificate alone. */
export type RedisDoor = RedisCertificate | undefined;

/** Starts `redis-server` in a folder, with its data there, and waits until it answers. */
export async function startRedisServer(
  port: number,
  folder: string,
  settings: readonly string[],
  door?: RedisDoor,
): Promise<RunningProcess> {
  const args = ["--bind", "127.0.0.1", "--dir", folder];
  const listening = portSettings(port, door).flatMap(([name, value]) => [
    `--${name}`,
    value,
  ]);
  const server = await startRedisProgram(
    [...args, ...listening, ...settings],
    folder,
    port,
  );
  // Answers with an error while it reads what it kept.
  await until(() => askRedis(port, (redis) => redis.ping(), door), {
    what: "Redis",
    timeoutMs: 120_000,
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
  door?: RedisDoor,
): Promise<T> {
  const client = new Redis({
    port,
    host: "127.0.0.1",
    ...(door === undefined ? {} : { tls: { ca: door.certificate } }),
    lazyConnect: true,
    retryStrategy: () => null,
    // Its timer outlives a connection that never was.
    disconnectTimeout: 100,
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
