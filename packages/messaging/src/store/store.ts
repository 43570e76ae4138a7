/** What a claim on a key found. */
export type ClaimResult =
  | { readonly outcome: "claimed"; readonly token: string }
  /** Someone else is at it; ask again after `retryAfterMs`, when their lease ends at the latest. */
  | { readonly outcome: "in_flight"; readonly retryAfterMs: number }
  | { readonly outcome: "done"; readonly answer: string }
  /** The key was used for something with another fingerprint. */
  | { readonly outcome: "mismatch" };

export interface ClaimOptions {
  /** What the key stands for, such as a digest of the request's body. */
  readonly fingerprint: string;
  /** How long the claim holds when its owner never comes back. */
  readonly leaseMs: number;
}

/** Lets one caller at a time do what a key stands for, and remembers the answer. Every step is atomic. */
export interface IdempotencyStore {
  claim(key: string, options: ClaimOptions): Promise<ClaimResult>;
  /** Keeps the answer for `ttlMs`. False: the lease ran out and the key is someone else's now, so this answer counts for nothing. */
  confirm(
    key: string,
    token: string,
    options: { readonly answer: string; readonly ttlMs: number },
  ): Promise<boolean>;
  /** Makes the claim hold for `leaseMs` from now. False: it is no longer this token's, or it is answered. */
  extend(
    key: string,
    token: string,
    options: { readonly leaseMs: number },
  ): Promise<boolean>;
  /** Gives the claim back undone. Does nothing when it is no longer this token's. */
  release(key: string, token: string): Promise<void>;
}

export interface Lifetime {
  readonly ttlMs: number;
}

/** Small values that every replica sees. */
export interface KeyValueStore {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string, options: Lifetime): Promise<void>;
  /** True when the key was free. */
  setIfAbsent(key: string, value: string, options: Lifetime): Promise<boolean>;
  /** Sets the value when the present one is `expected` (undefined: when there is none). False otherwise. */
  compareAndSet(
    key: string,
    expected: string | undefined,
    value: string,
    options: Lifetime,
  ): Promise<boolean>;
  delete(key: string): Promise<void>;
}

/** A value and the version that a change of it must name. */
export interface Versioned {
  readonly version: string;
  readonly value: string;
}

export interface VersionedChange {
  /** All keys of one group have the same words in braces (see `tagOf`): a Redis Cluster keeps these together. */
  readonly key: string;
  /** The version that was read; undefined when there was nothing. */
  readonly expected: string | undefined;
  /** Up to 60 characters, without a colon; another one each time. */
  readonly version: string;
  readonly value: string;
  readonly ttlMs: number;
  /** When someone is to look at the value again, in epoch ms; null: not any more; left out: as before. */
  readonly dueMs?: number | null;
}

/** Values that many read and change in batches: a batch is one round trip, however many keys it has. */
export interface VersionedStore {
  read(keys: readonly string[]): Promise<readonly (Versioned | undefined)[]>;
  /**
   * Writes groups of changes, each group whole or, when a version is not the expected one, not at all; a group does not
   * know of another. True for each group that was written.
   */
  write(
    groups: readonly (readonly VersionedChange[])[],
  ): Promise<readonly boolean[]>;
  /**
   * Keys of a tag whose time has come, those that wait longest first. Each is given to one caller, and to another one not
   * before `againMs`.
   */
  claimDue(
    tag: string,
    options: {
      readonly nowMs: number;
      readonly againMs: number;
      readonly limit: number;
    },
  ): Promise<readonly string[]>;
  /** Nobody needs to look at these keys of a tag again. */
  dropDue(tag: string, keys: readonly string[]): Promise<void>;
}

/**
 * What stands in the first braces of a key, else the whole key: what has the same is in the same slot of a Redis Cluster.
 * https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
export function tagOf(key: string): string {
  const open = key.indexOf("{");
  const close = open === -1 ? -1 : key.indexOf("}", open);
  return close > open + 1 ? key.slice(open + 1, close) : key;
}

/** Throws for a group that no cluster could write whole. */
export function requireOneTag(group: readonly VersionedChange[]): void {
  const [first] = group;
  if (first === undefined || group.length === 1) return;
  const tag = tagOf(first.key);
  if (group.some(({ key }) => tagOf(key) !== tag))
    throw new RangeError("keys of one group need the same words in braces");
}

/** Listens until it is ended. */
export interface Listening {
  /** Resolves when messages arrive for the first time; never rejects. */
  readonly ready: Promise<void>;
  end(): Promise<void>;
}

/** Messages for whoever listens now; what nobody hears is gone. */
export interface Broadcasts {
  /** Resolves with how many listeners were given the message. */
  send(channel: string, message: string): Promise<number>;
  /** Never rejects: while the store is away nothing is heard, and afterwards everything again by itself. */
  listen(channel: string, onMessage: (message: string) => void): Listening;
}

/** What replicas share. Every method rejects with StoreUnavailableError within about a second while the store is away. */
export interface Store {
  readonly idempotency: IdempotencyStore;
  readonly keyValue: KeyValueStore;
  readonly versioned: VersionedStore;
  readonly broadcasts: Broadcasts;
  check(): Promise<void>;
  close(): Promise<void>;
}
