import { z } from "zod";
import type { VersionedStore } from "../store.js";
import type { RedisConnection } from "./connection.js";
import { writeVersionedScript } from "./scripts.js";

/** What one script call carries at most: Redis does nothing else meanwhile. */
const MAX_CHANGES_PER_CALL = 512;

const flags = z.array(z.union([z.literal(0), z.literal(1)]));

/** Versioned values as strings, `version:value`. */
export function redisVersioned(
  connection: RedisConnection,
  prefix: string,
): VersionedStore {
  // The braces keep all of them in one slot of a cluster: a batch is read by one command and written by one script.
  const name = (key: string): string => `{${prefix}versioned}:${key}`;
  return {
    async read(keys) {
      if (keys.length === 0) return [];
      const texts = await connection.command((redis) =>
        redis.mget(keys.map(name)),
      );
      return texts.map((text) => {
        if (text === null) return undefined;
        const end = text.indexOf(":");
        return { version: text.slice(0, end), value: text.slice(end + 1) };
      });
    },
    async write(groups) {
      const calls: (typeof groups)[number][][] = [];
      let changes = MAX_CHANGES_PER_CALL;
      for (const group of groups) {
        if (changes + group.length > MAX_CHANGES_PER_CALL) {
          calls.push([]);
          changes = 0;
        }
        calls.at(-1)?.push(group);
        changes += group.length;
      }
      const written = await Promise.all(
        calls.map(async (call) => {
          const keys = call.flatMap((group) =>
            group.map(({ key }) => name(key)),
          );
          const args = call.flatMap((group) => [
            String(group.length),
            ...group.flatMap(({ expected, version, value, ttlMs }) => [
              expected ?? "",
              `${version}:${value}`,
              String(ttlMs),
            ]),
          ]);
          return flags.parse(
            await connection.runOn(writeVersionedScript, keys, args),
          );
        }),
      );
      return written.flat().map((flag) => flag === 1);
    },
  };
}
