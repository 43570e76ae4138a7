import type { KeySource, ObjectKey } from "../runtime/index.js";

/**
 * When something last came in or went out on each channel, as the pods tell it: the latest that any of them said. It is
 * a source of keys: each channel of which something newer was heard.
 */
export class ChannelTrafficLedger implements KeySource {
  readonly #seenAtMs = new Map<string, number>();
  readonly #listeners = new Set<(keys: readonly ObjectKey[]) => void>();

  /** @param trafficAtMs by `<namespace>/<name>`, as the operator names channels in the routing document */
  seen(trafficAtMs: ReadonlyMap<string, number>): void {
    const newer = [...trafficAtMs].filter(
      ([name, atMs]) => atMs > (this.#seenAtMs.get(name) ?? 0),
    );
    for (const [name, atMs] of newer) this.#seenAtMs.set(name, atMs);
    const keys = newer.flatMap(([name]) => keyOf(name));
    if (keys.length > 0) for (const listener of this.#listeners) listener(keys);
  }

  /** Epoch milliseconds; undefined when nothing was heard of it. */
  lastAtMs({ namespace, name }: ObjectKey): number | undefined {
    return this.#seenAtMs.get(`${namespace}/${name}`);
  }

  /** The channel has gone. */
  forget({ namespace, name }: ObjectKey): void {
    this.#seenAtMs.delete(`${namespace}/${name}`);
  }

  keys(): readonly ObjectKey[] {
    return [...this.#seenAtMs.keys()].flatMap(keyOf);
  }

  onKeys(listener: (keys: readonly ObjectKey[]) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  synced(): boolean {
    return true;
  }
}

/** None for a name that the operator did not give. */
function keyOf(name: string): ObjectKey[] {
  const [namespace, own, ...rest] = name.split("/");
  return namespace === undefined || own === undefined || rest.length > 0
    ? []
    : [{ namespace, name: own }];
}
