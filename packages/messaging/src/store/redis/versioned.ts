import { z } from "zod";
import {
  requireOneTag,
  tagOf,
  type Versioned,
  type VersionedChange,
  type VersionedStore,
} from "../store.js";
import type { RedisConnection } from "./connection.js";
import { claimDueScript, writeVersionedScript } from "./scripts.js";

/** What one script call carries at most: Redis does nothing else meanwhile. */
const MAX_CHANGES_PER_CALL = 512;

const flags = z.array(z.union([z.literal(0), z.literal(1)]));
const names = z.array(z.string());

type Group = readonly VersionedChange[];

/**
 * Versioned values as strings, `version:value`. A batch is one command for each slot that it touches: one in all, on a
 * single Redis.
 */
export function redisVersioned(
  connection: RedisConnection,
  prefix: string,
): VersionedStore {
  const name = (key: string): string => {
    const tag = tagOf(key);
    // A key without braces is its own tag, and stays beside the list of its tag.
    return `${prefix}versioned:${tag === key ? `{${key}}` : key}`;
  };
  const dueName = (tag: string): string => `${prefix}versioned-due:{${tag}}`;
  const placeOf = (key: string): number => connection.placeOf(name(key));
  const readPlace = async (
    keys: readonly string[],
  ): Promise<(Versioned | undefined)[]> => {
    const texts = await connection.command((redis) =>
      redis.mget(keys.map(name)),
    );
    return texts.map(versionedOf);
  };
  const writeCall = async (call: readonly Group[]): Promise<boolean[]> => {
    const keys: string[] = [];
    const args: string[] = [];
    for (const group of call) {
      for (const { key } of group) keys.push(name(key));
      keys.push(dueName(tagOf(group[0]?.key ?? "")));
      addArguments(args, group);
    }
    const answer = await connection.runOn(writeVersionedScript, keys, args);
    return flags.parse(answer).map((flag) => flag === 1);
  };
  const writePlace = async (own: readonly Group[]): Promise<boolean[]> => {
    const answers = await Promise.all(callsOf(own).map(writeCall));
    return answers.flat();
  };
  return {
    async read(keys) {
      if (keys.length === 0) return [];
      return connection.hasSlots
        ? await byPlace(keys, placeOf, readPlace)
        : await readPlace(keys);
    },
    async write(groups) {
      for (const group of groups) requireOneTag(group);
      return connection.hasSlots
        ? await byPlace(
            groups,
            ([first]) => (first === undefined ? 0 : placeOf(first.key)),
            writePlace,
          )
        : await writePlace(groups);
    },
    async claimDue(tag, { nowMs, againMs, limit }) {
      const args = [nowMs, againMs, limit].map(String);
      return names.parse(
        await connection.runOn(claimDueScript, [dueName(tag)], args),
      );
    },
    async dropDue(tag, keys) {
      if (keys.length === 0) return;
      await connection.command((redis) => redis.zrem(dueName(tag), ...keys));
    },
  };
}

function versionedOf(text: string | null): Versioned | undefined {
  if (text === null) return undefined;
  const end = text.indexOf(":");
  return { version: text.slice(0, end), value: text.slice(end + 1) };
}

function addArguments(args: string[], group: Group): void {
  args.push(String(group.length));
  for (const { key, expected, version, value, ttlMs, dueMs } of group)
    args.push(
      expected ?? "",
      `${version}:${value}`,
      String(ttlMs),
      dueMs === undefined ? "" : key,
      dueMs === undefined ? "" : dueMs === null ? "-" : String(dueMs),
    );
}

/** Groups in as many calls as they need. */
function callsOf(groups: readonly Group[]): Group[][] {
  const calls: Group[][] = [];
  let changes = MAX_CHANGES_PER_CALL;
  for (const group of groups) {
    if (changes + group.length > MAX_CHANGES_PER_CALL) {
      calls.push([]);
      changes = 0;
    }
    calls.at(-1)?.push(group);
    changes += group.length;
  }
  return calls;
}

/** Does the work for each place with what belongs there, all at once; the answers are in the order of what was asked. */
async function byPlace<T, R>(
  asked: readonly T[],
  placeOf: (one: T) => number,
  work: (own: readonly T[]) => Promise<readonly R[]>,
): Promise<R[]> {
  const places = new Map<number, { own: T[]; at: number[] }>();
  for (const [at, one] of asked.entries()) {
    const place = placeOf(one);
    const known = places.get(place);
    if (known === undefined) places.set(place, { own: [one], at: [at] });
    else {
      known.own.push(one);
      known.at.push(at);
    }
  }
  if (places.size === 0) return [];
  if (places.size === 1) return [...(await work(asked))];
  const answers: R[] = [];
  await Promise.all(
    [...places.values()].map(async ({ own, at }) => {
      const done = await work(own);
      for (const [n, answer] of done.entries()) answers[at[n] ?? 0] = answer;
    }),
  );
  return answers;
}
