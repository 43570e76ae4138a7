import type { ObjectCache } from "./object-cache.js";
import type { ObjectKey } from "./object-key.js";

/** Where a controller's keys come from. */
export interface KeySource {
  /** The keys of everything that is there. */
  keys(): readonly ObjectKey[];
  /** Calls back with the keys that a change concerns; gives what ends that. */
  onKeys(listener: (keys: readonly ObjectKey[]) => void): () => void;
  synced(): boolean;
}

/**
 * The objects of a cache, each as the keys that it concerns; default: its own.
 *
 * @param keysOf is given `undefined` for an object that has gone
 */
export function keysFrom<T>(
  cache: ObjectCache<T>,
  keysOf: (key: ObjectKey, object: T | undefined) => readonly ObjectKey[] = (
    key,
  ) => [key],
): KeySource {
  return {
    keys: () => cache.keys().flatMap((key) => keysOf(key, cache.get(key))),
    onKeys: (listener) =>
      cache.onChange((key, object) => listener(keysOf(key, object))),
    synced: () => cache.synced(),
  };
}

/** Keys that are looked at whatever there is: on taking over, and at each resync. */
export function fixedKeys(...keys: readonly ObjectKey[]): KeySource {
  return {
    keys: () => keys,
    onKeys: () => () => undefined,
    synced: () => true,
  };
}
