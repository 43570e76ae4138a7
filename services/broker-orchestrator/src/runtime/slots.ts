import type { Stored } from "../conversation/codec.js";
import { joinConversations } from "../conversation/join.js";
import type { Conversation } from "../conversation/state.js";
import type { Transition } from "../machine/machine.js";

/** Something that is to happen to one person's conversation. */
export interface Step {
  readonly tenantId: string;
  /** The keys that lead to the conversation, the one to keep it under first. */
  readonly keys: readonly string[];
  /** May be asked again, with another state, when a replica was faster; undefined leaves things as they are. Pure. */
  apply(state: Conversation | undefined): Transition | undefined;
  /** What was applied is stored. `home` is the key that the conversation is under. */
  stored(applied: Transition | undefined, home: string): void;
}

/** From one key to another, so many times at most. */
export const MAX_HOPS = 4;

/** A conversation while a round is at it. */
export class Slot {
  readonly home: string;
  readonly expected: string | undefined;
  readonly before: Conversation | undefined;
  state: Conversation | undefined;
  /** Keys that are to lead here, with the version that they have now. */
  readonly aliases = new Map<string, string | undefined>();
  readonly done: { step: Step; applied: Transition | undefined }[] = [];

  constructor(home: string, entry: Entry | undefined) {
    const stored = entry?.stored;
    this.home = home;
    this.expected = entry?.version;
    this.before =
      stored?.kind === "conversation" ? stored.conversation : undefined;
    this.state = this.before;
  }

  /** Everything that was done to it, to be done once more. */
  steps(): Step[] {
    return this.done.map(({ step }) => step);
  }

  /** Tells every step that it is stored. */
  tell(): void {
    for (const { step, applied } of this.done) step.stored(applied, this.home);
  }
}

/** What was read under a key. */
export interface Entry {
  readonly version: string;
  readonly stored: Stored | undefined;
}

/** The conversations of one round, by the keys that lead to them. */
export class Slots {
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #byHome = new Map<string, Slot>();
  /** Keys that lead elsewhere since this round. */
  readonly #moved = new Map<string, string>();

  constructor(entries: ReadonlyMap<string, Entry>) {
    this.#entries = entries;
  }

  all(): Iterable<Slot> {
    return this.#byHome.values();
  }

  take(step: Step): void {
    const slot = this.#slotOf(step.keys);
    const applied = step.apply(slot.state);
    if (applied !== undefined) slot.state = applied.state;
    slot.done.push({ step, applied });
  }

  /** The one conversation of all these keys: where they lead to several, these become one. */
  #slotOf(keys: readonly string[]): Slot {
    const [first] = keys;
    if (first !== undefined && keys.length === 1)
      return this.#open(this.#homeOf(first));
    const homes = new Set(keys.map((key) => this.#homeOf(key)));
    const found = [...homes].map((home) => this.#open(home));
    const slot = found.find(({ state }) => state !== undefined) ?? found[0];
    if (slot === undefined) throw new Error("a step needs a key");
    for (const other of found) if (other !== slot) this.#join(slot, other);
    for (const key of keys) {
      if (this.#homeOf(key) === slot.home) continue;
      this.#moved.set(key, slot.home);
      slot.aliases.set(key, this.#entries.get(key)?.version);
    }
    return slot;
  }

  #open(home: string): Slot {
    const known = this.#byHome.get(home);
    if (known !== undefined) return known;
    const slot = new Slot(home, this.#entries.get(home));
    this.#byHome.set(home, slot);
    return slot;
  }

  #join(slot: Slot, other: Slot): void {
    if (slot.state !== undefined && other.state !== undefined)
      slot.state = joinConversations(slot.state, other.state);
    slot.done.push(...other.done);
    for (const [key, version] of other.aliases) slot.aliases.set(key, version);
    slot.aliases.set(other.home, other.expected);
    this.#moved.set(other.home, slot.home);
    this.#byHome.delete(other.home);
  }

  #homeOf(key: string): string {
    let home = follow(this.#entries, key);
    for (let hop = 0; hop < MAX_HOPS; hop++) {
      const next = this.#moved.get(home);
      if (next === undefined) break;
      home = follow(this.#entries, next);
    }
    return home;
  }
}

/** Where a key leads. Pure. */
export function follow(
  entries: ReadonlyMap<string, Entry>,
  key: string,
): string {
  let at = key;
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    const stored = entries.get(at)?.stored;
    if (stored?.kind !== "elsewhere") break;
    at = stored.key;
  }
  return at;
}

const PREFIX = "conversation:";

/** All of a tenant's keys are together in a Redis Cluster: any two of them may turn out to be one person's. */
export function storeKey(tenantId: string, key: string): string {
  return key.startsWith(PREFIX)
    ? key
    : `${PREFIX}{${tenantTag(tenantId)}}:${key}`;
}

/** A tenant as it stands in the braces of its keys. */
export function tenantTag(tenantId: string): string {
  return /^[\w.~-]*$/.test(tenantId)
    ? tenantId
    : encodeURIComponent(tenantId.toWellFormed());
}
