import { randomUUID } from "node:crypto";
import { hostClock, type Clock } from "../clock.js";
import type {
  Broadcasts,
  ClaimResult,
  IdempotencyStore,
  KeyValueStore,
  Store,
  Versioned,
  VersionedChange,
  VersionedStore,
} from "./store.js";
import { requireOneTag, tagOf } from "./store.js";

interface Entry<T> {
  readonly value: T;
  readonly expiresAtMs: number;
}

/** A map whose entries end by themselves. */
class ExpiringMap<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #clock: Clock;
  #sweepAtSize = 1_024;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(key: string): Entry<T> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresAtMs > this.#clock.now()) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, value: T, ttlMs: number): void {
    this.#sweep();
    this.#entries.set(key, { value, expiresAtMs: this.#clock.now() + ttlMs });
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** Takes what has ended away each time the map has doubled, so that its size follows what is alive. */
  #sweep(): void {
    if (this.#entries.size < this.#sweepAtSize) return;
    const now = this.#clock.now();
    for (const [key, entry] of this.#entries) {
      if (entry.expiresAtMs <= now) this.#entries.delete(key);
    }
    this.#sweepAtSize = Math.max(1_024, this.#entries.size * 2);
  }
}

interface Claim {
  readonly fingerprint: string;
  readonly token: string;
  readonly answer?: string;
}

function memoryIdempotency(clock: Clock): IdempotencyStore {
  const claims = new ExpiringMap<Claim>(clock);
  /** The claim that is still this token's and not answered. */
  const held = (key: string, token: string): Claim | undefined => {
    const claim = claims.get(key)?.value;
    return claim?.token === token && claim.answer === undefined
      ? claim
      : undefined;
  };
  const claim = (
    key: string,
    fingerprint: string,
    leaseMs: number,
  ): ClaimResult => {
    const entry = claims.get(key);
    if (entry === undefined) {
      const token = randomUUID();
      claims.set(key, { fingerprint, token }, leaseMs);
      return { outcome: "claimed", token };
    }
    if (entry.value.fingerprint !== fingerprint) return { outcome: "mismatch" };
    if (entry.value.answer !== undefined) {
      return { outcome: "done", answer: entry.value.answer };
    }
    return {
      outcome: "in_flight",
      retryAfterMs: entry.expiresAtMs - clock.now(),
    };
  };
  return {
    claim: (key, { fingerprint, leaseMs }) =>
      Promise.resolve(claim(key, fingerprint, leaseMs)),
    confirm: (key, token, { answer, ttlMs }) => {
      const mine = held(key, token);
      if (mine === undefined) return Promise.resolve(false);
      claims.set(key, { ...mine, answer }, ttlMs);
      return Promise.resolve(true);
    },
    extend: (key, token, { leaseMs }) => {
      const mine = held(key, token);
      if (mine !== undefined) claims.set(key, mine, leaseMs);
      return Promise.resolve(mine !== undefined);
    },
    release: (key, token) => {
      if (held(key, token) !== undefined) claims.delete(key);
      return Promise.resolve();
    },
  };
}

function memoryKeyValue(clock: Clock): KeyValueStore {
  const values = new ExpiringMap<string>(clock);
  const setWhen = (
    allowed: boolean,
    key: string,
    value: string,
    ttlMs: number,
  ): Promise<boolean> => {
    if (allowed) values.set(key, value, ttlMs);
    return Promise.resolve(allowed);
  };
  return {
    get: (key) => Promise.resolve(values.get(key)?.value),
    set: async (key, value, { ttlMs }) => {
      await setWhen(true, key, value, ttlMs);
    },
    setIfAbsent: (key, value, { ttlMs }) =>
      setWhen(values.get(key) === undefined, key, value, ttlMs),
    compareAndSet: (key, expected, value, { ttlMs }) =>
      setWhen(values.get(key)?.value === expected, key, value, ttlMs),
    delete: (key) => {
      values.delete(key);
      return Promise.resolve();
    },
  };
}

function memoryVersioned(clock: Clock): VersionedStore {
  const values = new ExpiringMap<Versioned>(clock);
  const due = new Map<string, Map<string, number>>();
  const dueOf = (tag: string): Map<string, number> => {
    const known = due.get(tag) ?? new Map<string, number>();
    due.set(tag, known);
    return known;
  };
  const set = ({ key, version, value, ttlMs, dueMs }: VersionedChange) => {
    values.set(key, { version, value }, ttlMs);
    if (dueMs === null) dueOf(tagOf(key)).delete(key);
    else if (dueMs !== undefined) dueOf(tagOf(key)).set(key, dueMs);
  };
  return {
    read: (keys) => Promise.resolve(keys.map((key) => values.get(key)?.value)),
    write(groups) {
      for (const group of groups) requireOneTag(group);
      const written = groups.map((group) => {
        const fits = group.every(
          ({ key, expected }) => values.get(key)?.value.version === expected,
        );
        if (fits) group.forEach(set);
        return fits;
      });
      return Promise.resolve(written);
    },
    claimDue(tag, { nowMs, againMs, limit }) {
      const names = [...dueOf(tag)]
        .filter(([, dueMs]) => dueMs <= nowMs)
        .sort(([, one], [, other]) => one - other)
        .slice(0, limit)
        .map(([key]) => key);
      for (const key of names) dueOf(tag).set(key, againMs);
      return Promise.resolve(names);
    },
    dropDue(tag, keys) {
      for (const key of keys) dueOf(tag).delete(key);
      return Promise.resolve();
    },
  };
}

function memoryBroadcasts(): Broadcasts {
  const channels = new Map<string, Set<(message: string) => void>>();
  return {
    send: (channel, message) => {
      const listeners = [...(channels.get(channel) ?? [])];
      // As from a socket: never within the sender's own turn.
      for (const listener of listeners)
        setImmediate(() => {
          if (channels.get(channel)?.has(listener) === true) listener(message);
        });
      return Promise.resolve(listeners.length);
    },
    listen: (channel, onMessage) => {
      const listeners = channels.get(channel) ?? new Set();
      const listener = (message: string): void => onMessage(message);
      channels.set(channel, listeners.add(listener));
      return {
        ready: Promise.resolve(),
        end: () => {
          listeners.delete(listener);
          if (listeners.size === 0) channels.delete(channel);
          return Promise.resolve();
        },
      };
    },
  };
}

/** A store inside this process, with the promises of the Redis one except that nobody else sees it. */
export function createMemoryStore(clock: Clock = hostClock): Store {
  return {
    idempotency: memoryIdempotency(clock),
    keyValue: memoryKeyValue(clock),
    versioned: memoryVersioned(clock),
    broadcasts: memoryBroadcasts(),
    check: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
