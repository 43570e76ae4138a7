import { randomBytes } from "node:crypto";
import type { VersionedChange, VersionedStore } from "@easymo/messaging";
import type { Clock, Logger } from "@easymo/service-kit";
import {
  decodeStored,
  encodeConversation,
  encodeElsewhere,
  type Stored,
} from "../conversation/codec.js";
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

export interface ConversationsOptions {
  readonly store: VersionedStore;
  readonly ttlMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What was stored in one go has been told to every step. */
  onBatch(): void;
}

/** Steps of one round; with more the next round is only later, not larger. */
const MAX_STEPS = 1_024;
const STORE_AWAY_PAUSE_MS = 250;
const CONFLICT_PAUSE_MS = 5;
const LOG_INTERVAL_MS = 10_000;
/** Where a conversation is found stays known longer than the conversation. */
const ALIAS_TTL_FACTOR = 10;
const MAX_HOPS = 4;

/** A conversation while a round is at it. */
interface Slot {
  home: string;
  expected: string | undefined;
  before: Conversation | undefined;
  state: Conversation | undefined;
  /** Keys that are to lead here, with the version that they have now. */
  aliases: Map<string, string | undefined>;
  done: { step: Step; applied: Transition | undefined }[];
}

interface Entry {
  readonly version: string;
  readonly stored: Stored | undefined;
}

/**
 * The conversations of all persons, changed in rounds: one read for all of them, the pure steps, one write of what changed,
 * outbox included, each conversation whole or not at all. What a replica changed meanwhile is done again.
 */
export class Conversations {
  readonly #options: ConversationsOptions;
  readonly #writer = randomBytes(6).toString("base64url");
  #writes = 0;
  #queue: Step[] = [];
  #running = false;
  #closed = false;
  #lastLogMs = Number.NEGATIVE_INFINITY;

  constructor(options: ConversationsOptions) {
    this.#options = options;
  }

  submit(step: Step): void {
    this.#queue.push(step);
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  /** The conversation as it is stored now. Rejects while the store is away. */
  async peek(
    tenantId: string,
    home: string,
  ): Promise<Conversation | undefined> {
    const entries = await this.#read([storeKey(tenantId, home)]);
    const found = follow(entries, storeKey(tenantId, home));
    const stored = entries.get(found)?.stored;
    return stored?.kind === "conversation" ? stored.conversation : undefined;
  }

  /** Nothing more is read or written. */
  close(): void {
    this.#closed = true;
  }

  async #run(): Promise<void> {
    // Everything of one turn of the event loop goes in one round.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0 && !this.#closed) {
      const steps = this.#queue.slice(0, MAX_STEPS);
      this.#queue = this.#queue.slice(MAX_STEPS);
      await this.#round(steps);
      this.#options.onBatch();
    }
    this.#running = false;
  }

  async #round(steps: readonly Step[]): Promise<void> {
    let left = steps;
    while (left.length > 0 && !this.#closed) {
      try {
        const refused = await this.#attempt(left);
        if (refused.length > 0) await this.#pause(CONFLICT_PAUSE_MS);
        left = refused;
      } catch (error) {
        this.#logAway(error);
        await this.#pause(STORE_AWAY_PAUSE_MS);
      }
    }
  }

  /** The steps whose conversations someone else has changed since they were read. */
  async #attempt(steps: readonly Step[]): Promise<Step[]> {
    const keys = new Set<string>();
    for (const { tenantId, keys: own } of steps)
      for (const key of own) keys.add(storeKey(tenantId, key));
    const slots = new Slots(await this.#read([...keys]));
    for (const step of steps) slots.take(step);
    const changed: Slot[] = [];
    const groups: VersionedChange[][] = [];
    const kept: Slot[] = [];
    for (const slot of slots.all()) {
      const group = this.#changesOf(slot);
      if (group.length === 0) {
        kept.push(slot);
      } else {
        changed.push(slot);
        groups.push(group);
      }
    }
    const written =
      groups.length === 0 ? [] : await this.#options.store.write(groups);
    for (const slot of kept) tell(slot);
    const refused: Step[] = [];
    for (const [at, slot] of changed.entries()) {
      if (written[at] === true) tell(slot);
      else refused.push(...slot.done.map(({ step }) => step));
    }
    return refused;
  }

  /** Reads keys, and where they lead. */
  async #read(keys: readonly string[]): Promise<Map<string, Entry>> {
    const entries = new Map<string, Entry>();
    const asked = new Set(keys);
    let wanted = [...asked];
    for (let hop = 0; wanted.length > 0 && hop < MAX_HOPS; hop++) {
      const found = await this.#options.store.read(wanted);
      const next: string[] = [];
      for (const [at, key] of wanted.entries()) {
        const value = found[at];
        if (value === undefined) continue;
        const stored = decodeStored(value.value);
        entries.set(key, { version: value.version, stored });
        if (stored?.kind === "elsewhere" && !asked.has(stored.key)) {
          asked.add(stored.key);
          next.push(stored.key);
        }
      }
      wanted = next;
    }
    return entries;
  }

  #changesOf(slot: Slot): VersionedChange[] {
    const { state, before, home, expected } = slot;
    if (state === undefined) return [];
    if (state === before && slot.aliases.size === 0) return [];
    const { ttlMs } = this.#options;
    const version = `${this.#writer}.${(this.#writes += 1).toString(36)}`;
    return [
      { key: home, expected, version, value: encodeConversation(state), ttlMs },
      ...[...slot.aliases].map(([key, present]) => ({
        key,
        expected: present,
        version,
        value: encodeElsewhere(home),
        ttlMs: ttlMs * ALIAS_TTL_FACTOR,
      })),
    ];
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.setTimeout(resolve, ms);
    });
  }

  #logAway(error: unknown): void {
    const now = this.#options.clock.monotonicMs();
    if (now - this.#lastLogMs < LOG_INTERVAL_MS) return;
    this.#lastLogMs = now;
    this.#options.logger.warn(
      { err: error },
      "conversations cannot be read or written; trying again",
    );
  }
}

/** The conversations of one round, by the keys that lead to them. */
class Slots {
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
    const slot = this.#slotOf(
      step.keys.map((key) => storeKey(step.tenantId, key)),
    );
    const applied = step.apply(slot.state);
    if (applied !== undefined) slot.state = applied.state;
    slot.done.push({ step, applied });
  }

  /** The one conversation of all these keys: where they lead to several, these become one. */
  #slotOf(keys: readonly string[]): Slot {
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
    const entry = this.#entries.get(home);
    const conversation =
      entry?.stored?.kind === "conversation"
        ? entry.stored.conversation
        : undefined;
    const slot: Slot = {
      home,
      expected: entry?.version,
      before: conversation,
      state: conversation,
      aliases: new Map(),
      done: [],
    };
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

function tell(slot: Slot): void {
  for (const { step, applied } of slot.done) step.stored(applied, slot.home);
}

function follow(entries: ReadonlyMap<string, Entry>, key: string): string {
  let at = key;
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    const stored = entries.get(at)?.stored;
    if (stored?.kind !== "elsewhere") break;
    at = stored.key;
  }
  return at;
}

const PREFIX = "conversation:";

function storeKey(tenantId: string, key: string): string {
  return key.startsWith(PREFIX) ? key : `${PREFIX}${tenantId}:${key}`;
}
