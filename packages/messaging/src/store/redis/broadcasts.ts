import { Cluster } from "ioredis";
import type { Clock, Timer } from "../../clock.js";
import type { Broadcasts } from "../store.js";
import type { RedisConnection } from "./connection.js";

/** A listener hears nothing for hours; whether its connection is still one is asked this often. */
const PING_INTERVAL_MS = 5_000;

/** Redis's own publish and subscribe; each listener has a connection of its own. */
export function redisBroadcasts(
  connection: RedisConnection,
  prefix: string,
  clock: Clock,
): Broadcasts & { close(): void } {
  const name = (channel: string): string => `${prefix}channel:${channel}`;
  const listeners = new Set<{ close(): void }>();
  return {
    send: (channel, message) =>
      connection.command(async (redis) =>
        // A cluster's own publish counts only the listeners of the server that it was asked of; a shard's has all of them.
        redis instanceof Cluster
          ? Number(await redis.spublish(name(channel), message))
          : redis.publish(name(channel), message),
      ),
    listen: (channel, onMessage) => {
      const listening = connection.listener();
      const { redis } = listening;
      let pinging: Timer | undefined;
      const ping = (): void => {
        // A ping without an answer ends the connection, and the next one subscribes anew.
        if (redis.status === "ready") redis.ping().catch(() => undefined);
        pinging = clock.setTimeout(ping, PING_INTERVAL_MS);
      };
      const listener = {
        close: (): void => {
          pinging?.cancel();
          listening.close();
          listeners.delete(listener);
        },
      };
      listeners.add(listener);
      const isCluster = redis instanceof Cluster;
      redis.on(
        isCluster ? "smessage" : "message",
        (_channel: string, message: string) => onMessage(message),
      );
      const subscribing = isCluster
        ? redis.ssubscribe(name(channel))
        : redis.subscribe(name(channel));
      const ready = subscribing.then(
        () => undefined,
        () => undefined,
      );
      ping();
      return {
        ready,
        end: () => {
          listener.close();
          return Promise.resolve();
        },
      };
    },
    close: () => {
      for (const listener of [...listeners]) listener.close();
    },
  };
}
