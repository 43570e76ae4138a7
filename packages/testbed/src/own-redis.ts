import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRedisServer } from "./redis-server.js";
import { freePorts } from "./wait.js";

/** A Redis of one test's own, that may be killed. */
export interface OwnRedis {
  readonly url: string;
  readonly port: number;
  /** SIGKILL: what was in it is gone, unless it is durable. */
  kill(): Promise<void>;
  /** SIGSTOP and SIGCONT: there, but without an answer. */
  freeze(): void;
  thaw(): void;
  /** Kills it and starts it again on the same port; empty, unless it is durable. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a Redis on a free port, in a temporary folder.
 *
 * @param options.durable each write is in a file before it is answered, and is read back after a restart
 */
export async function startRedis(
  options: { durable?: boolean } = {},
): Promise<OwnRedis> {
  const [port = 0] = await freePorts(1);
  const folder = await mkdtemp(join(tmpdir(), "easymo-redis-"));
  const keeping =
    options.durable === true
      ? ["--appendonly", "yes", "--appendfsync", "always"]
      : ["--appendonly", "no"];
  const start = () =>
    startRedisServer(port, folder, ["--save", "", ...keeping]);
  let server = await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill: () => server.kill(),
    freeze: () => void process.kill(server.pid, "SIGSTOP"),
    thaw: () => void process.kill(server.pid, "SIGCONT"),
    restart: async () => {
      await server.kill();
      server = await start();
    },
    stop: async () => {
      await server.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
