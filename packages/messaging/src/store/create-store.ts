import type { Logger } from "pino";
import { hostClock, type Clock } from "../clock.js";
import { createMemoryStore } from "./memory-store.js";
import { RedisConnection } from "./redis/connection.js";
import { createRedisStore } from "./redis/redis-store.js";
import type { Store } from "./store.js";

export interface StoreDependencies {
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Goes before every key. Default: `easymo:`. */
  readonly prefix?: string;
}

/**
 * The store at an address: `redis://`, `rediss://`, or `memory:` for one inside this process. Connects by itself, and
 * again after an outage; meanwhile every call rejects with StoreUnavailableError within about a second.
 */
export function createStore(url: string, deps: StoreDependencies): Store {
  const clock = deps.clock ?? hostClock;
  if (url === "memory:") return createMemoryStore(clock);
  const connection = new RedisConnection(url, { logger: deps.logger, clock });
  return createRedisStore(connection, deps.prefix ?? "easymo:", clock);
}
