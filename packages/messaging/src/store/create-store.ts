import type { Logger } from "pino";
import { hostClock, type Clock } from "../clock.js";
import { SettingsError } from "../errors.js";
import { createMemoryStore } from "./memory-store.js";
import { ADDRESS_FORMS, parseRedisAddress } from "./redis/address.js";
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
 * The store at an address: `redis://`, `redis+cluster://` or `redis+sentinel://` (`rediss` for TLS; see
 * `parseRedisAddress`), or `memory:` for one inside this process. Connects by itself, and again after an outage or a
 * fail-over; meanwhile every call rejects with StoreUnavailableError within about a second. Throws SettingsError for any
 * other address.
 */
export function createStore(url: string, deps: StoreDependencies): Store {
  const clock = deps.clock ?? hostClock;
  if (url === "memory:") return createMemoryStore(clock);
  const address = parseRedisAddress(url);
  if (address === undefined)
    throw new SettingsError([
      { name: "REDIS_URL", message: `must be "memory:", ${ADDRESS_FORMS}` },
    ]);
  const connection = new RedisConnection(address, {
    logger: deps.logger,
    clock,
  });
  return createRedisStore(connection, deps.prefix ?? "easymo:", clock);
}
