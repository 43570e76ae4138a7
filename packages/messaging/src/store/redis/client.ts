import { Cluster, Redis } from "ioredis";
import type { Clock } from "../../clock.js";
import type { RedisAddress } from "./address.js";

/** Redis as ioredis speaks with it: one server (or the master that sentinels name), or a cluster. */
export type RedisClient = Redis | Cluster;

/** A command that has no answer by then is given up. */
export const COMMAND_TIMEOUT_MS = 1_000;
const MAX_RECONNECT_DELAY_MS = 500;
const REVIVAL_PAUSE_MS = 100;
/** In a cluster, a command is sent again this often, after this pause: no longer in all than anyone waits for it. */
const MAX_REDIRECTIONS = 8;
const REDIRECTION_PAUSE_MS = 100;

function reconnectDelayMs(times: number): number {
  return Math.min(25 * 2 ** Math.min(times, 10), MAX_RECONNECT_DELAY_MS);
}

/** Of every connection to a server. */
const CONNECTION = {
  connectTimeout: COMMAND_TIMEOUT_MS,
  // A peer that went without a word (power, network) is noticed by its silence.
  socketTimeout: 2 * COMMAND_TIMEOUT_MS,
};

const SINGLE = {
  ...CONNECTION,
  // Commands of one turn go in one write.
  enableAutoPipelining: true,
  // A command waits for the connection in RedisConnection, so that one that was given up is never sent later on.
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  retryStrategy: reconnectDelayMs,
  // A master that has become a replica: the next connection finds the new one.
  reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
};

/** A client for an address; it connects by itself, and again after an outage. */
export function createClient(address: RedisAddress): RedisClient {
  switch (address.kind) {
    case "single":
      return new Redis(address.url, SINGLE);
    case "sentinel":
      return new Redis({
        ...SINGLE,
        ...login(address),
        ...(address.isEncrypted
          ? { tls: {}, enableTLSForSentinelMode: true, sentinelTLS: {} }
          : {}),
        sentinels: address.servers.map((server) => ({ ...server })),
        name: address.master,
        db: address.database,
        ...(address.sentinelUsername === undefined
          ? {}
          : { sentinelUsername: address.sentinelUsername }),
        ...(address.sentinelPassword === undefined
          ? {}
          : { sentinelPassword: address.sentinelPassword }),
        sentinelRetryStrategy: reconnectDelayMs,
        // Told of a fail-over by the sentinels, before the old master's connection breaks.
        failoverDetector: true,
      });
    case "cluster":
      return new Cluster(
        address.servers.map((server) => ({ ...server })),
        {
          enableAutoPipelining: true,
          enableOfflineQueue: false,
          clusterRetryStrategy: reconnectDelayMs,
          maxRedirections: MAX_REDIRECTIONS,
          retryDelayOnFailover: REDIRECTION_PAUSE_MS,
          retryDelayOnClusterDown: REDIRECTION_PAUSE_MS,
          retryDelayOnTryAgain: REDIRECTION_PAUSE_MS,
          slotsRefreshTimeout: COMMAND_TIMEOUT_MS,
          shardedSubscribers: true,
          // Certificates name hosts: they are not resolved before TLS sees them.
          dnsLookup: (host, callback) => callback(null, host),
          redisOptions: {
            ...CONNECTION,
            ...login(address),
            ...(address.isEncrypted ? { tls: {} } : {}),
          },
        },
      );
  }
}

/** A client of its own to listen on: what is asked of it waits for Redis to be there. */
export function listenerOf(client: RedisClient): RedisClient {
  return client instanceof Cluster
    ? client.duplicate([], { enableOfflineQueue: true })
    : client.duplicate({
        enableOfflineQueue: true,
        maxRetriesPerRequest: null,
      });
}

/**
 * ioredis gives a client up for good ("end") in one case without being told to: when sentinels tell of a fail-over while it
 * is asking them where the master is. Such a client is made to connect again, with what it had subscribed to.
 */
export function connectAgain(
  redis: RedisClient,
  clock: Clock,
  isWanted: () => boolean,
): void {
  redis.on("end", () => {
    if (!isWanted()) return;
    clock.setTimeout(() => {
      if (!isWanted() || redis.status !== "end") return;
      // Its failure is an "error" of the client, and another "end".
      redis.connect().catch(() => undefined);
    }, REVIVAL_PAUSE_MS);
  });
}

function login(address: {
  readonly username: string | undefined;
  readonly password: string | undefined;
}): { username?: string; password?: string } {
  return {
    ...(address.username === undefined ? {} : { username: address.username }),
    ...(address.password === undefined ? {} : { password: address.password }),
  };
}
