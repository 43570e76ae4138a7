import type { ObjectKey } from "./object-key.js";

export type CacheListener<T> = (key: ObjectKey, object: T | undefined) => void;

/** What is there of a kind, as far as it is known. Kept up to date by an informer. */
export interface ObjectCache<T> {
  get(key: ObjectKey): T | undefined;
  list(): readonly T[];
  keys(): readonly ObjectKey[];
  /** Whether everything that was there has been seen at least once. */
  synced(): boolean;
  /** Told of each change, `undefined` for what has gone; gives what takes the listener away. */
  onChange(listener: CacheListener<T>): () => void;
}
