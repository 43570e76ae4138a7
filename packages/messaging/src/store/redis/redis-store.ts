import { randomUUID } from "node:crypto";
import type { Clock } from "../../clock.js";
import { StoreUnavailableError } from "../../errors.js";
import type {
  ClaimResult,
  IdempotencyStore,
  KeyValueStore,
  Store,
} from "../store.js";
import { redisBroadcasts } from "./broadcasts.js";
import type { RedisConnection } from "./connection.js";
import {
  claimScript,
  compareAndSetScript,
  confirmScript,
  extendScript,
  releaseScript,
} from "./scripts.js";
import { redisVersioned } from "./versioned.js";

/** How many claims of unknown outcome are remembered to be given back. */
const MAX_DOUBTFUL = 1_000;

/** What the claim script says of a key. By hand: this is read for every request. */
function claimResult(reply: unknown, token: string): ClaimResult {
  if (reply === "claimed") return { outcome: reply, token };
  if (reply === "mismatch") return { outcome: reply };
  if (isList(reply)) {
    const [outcome, detail] = reply;
    if (typeof detail === "string")
      switch (outcome) {
        case "done":
          return { outcome, answer: detail };
        case "in_flight":
          return { outcome, retryAfterMs: Math.max(1, Number(detail)) };
      }
  }
  throw new Error("Redis answered a claim with something else.");
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** What the other scripts say of a key: done, or not. */
function flagReply(reply: unknown): boolean {
  if (reply === 0 || reply === 1) return reply === 1;
  throw new Error("Redis answered a script with something else.");
}

/** Gives back claims whose outcome never came: Redis may have carried them out, and their keys must not stay taken until the lease ends. */
class DoubtfulClaims {
  readonly #connection: RedisConnection;
  readonly #claims = new Map<string, string>();
  #giving = false;
  #closed = false;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  add(key: string, token: string): void {
    if (this.#closed) return;
    if (this.#claims.size < MAX_DOUBTFUL) this.#claims.set(token, key);
    if (!this.#giving) void this.#giveBack();
  }

  close(): void {
    this.#closed = true;
    this.#claims.clear();
  }

  async #giveBack(): Promise<void> {
    this.#giving = true;
    for (;;) {
      const [next] = this.#claims;
      if (next === undefined) break;
      const [token, key] = next;
      try {
        await this.#connection.run(releaseScript, key, [token]);
        this.#claims.delete(token);
      } catch (error) {
        // Away: `run` has waited its second for the connection, so asking again is not a busy loop.
        if (!(error instanceof StoreUnavailableError))
          this.#claims.delete(token);
      }
    }
    this.#giving = false;
  }
}

function redisIdempotency(
  connection: RedisConnection,
  prefix: string,
  doubtful: DoubtfulClaims,
): IdempotencyStore {
  const name = (key: string): string => `${prefix}claim:${key}`;
  return {
    // One promise each: these are asked for every request.
    claim(key, { fingerprint, leaseMs }) {
      const token = randomUUID();
      const args = [fingerprint, token, String(leaseMs)];
      return connection.run(claimScript, name(key), args).then(
        (reply) => claimResult(reply, token),
        (error: unknown) => {
          doubtful.add(name(key), token);
          throw error;
        },
      );
    },
    confirm(key, token, { answer, ttlMs }) {
      const args = [token, answer, String(ttlMs)];
      return connection.run(confirmScript, name(key), args).then(flagReply);
    },
    async extend(key, token, { leaseMs }) {
      const args = [token, String(leaseMs)];
      const reply = await connection.run(extendScript, name(key), args);
      return flagReply(reply);
    },
    async release(key, token) {
      await connection.run(releaseScript, name(key), [token]);
    },
  };
}

function redisKeyValue(
  connection: RedisConnection,
  prefix: string,
): KeyValueStore {
  const name = (key: string): string => `${prefix}value:${key}`;
  return {
    get: async (key) =>
      (await connection.command((redis) => redis.get(name(key)))) ?? undefined,
    set: async (key, value, { ttlMs }) => {
      await connection.command((redis) =>
        redis.set(name(key), value, "PX", ttlMs),
      );
    },
    setIfAbsent: async (key, value, { ttlMs }) =>
      (await connection.command((redis) =>
        redis.set(name(key), value, "PX", ttlMs, "NX"),
      )) === "OK",
    compareAndSet: async (key, expected, value, { ttlMs }) => {
      const args = [
        expected === undefined ? "0" : "1",
        expected ?? "",
        value,
        String(ttlMs),
      ];
      const reply = await connection.run(compareAndSetScript, name(key), args);
      return flagReply(reply);
    },
    delete: async (key) => {
      await connection.command((redis) => redis.del(name(key)));
    },
  };
}

/** A store on Redis; each step that reads and writes is one Lua script. */
export function createRedisStore(
  connection: RedisConnection,
  prefix: string,
  clock: Clock,
): Store {
  const doubtful = new DoubtfulClaims(connection);
  const broadcasts = redisBroadcasts(connection, prefix, clock);
  return {
    idempotency: redisIdempotency(connection, prefix, doubtful),
    keyValue: redisKeyValue(connection, prefix),
    versioned: redisVersioned(connection, prefix),
    broadcasts,
    check: () => connection.check(),
    close: async () => {
      doubtful.close();
      broadcasts.close();
      await connection.close();
    },
  };
}
