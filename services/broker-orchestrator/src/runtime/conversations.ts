import { randomBytes } from "node:crypto";
import type { VersionedChange, VersionedStore } from "@easymo/messaging";
import type { Clock, Logger } from "@easymo/service-kit";
import {
  decodeStored,
  encodeConversation,
  encodeElsewhere,
} from "../conversation/codec.js";
import { hasOpenEffects, type Conversation } from "../conversation/state.js";
import {
  follow,
  MAX_HOPS,
  Slots,
  storeKey,
  tenantTag,
  type Entry,
  type Slot,
  type Step,
} from "./slots.js";

/** A conversation with something left to be done. */
export interface Unfinished {
  readonly home: string;
  readonly conversation: Conversation;
}

export interface ConversationsOptions {
  readonly store: VersionedStore;
  readonly ttlMs: number;
  /** What is left to be done is looked for when nobody has been at it for so long. */
  readonly patienceMs: number;
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

  /**
   * Conversations of a tenant with something left to be done that nobody has been at for the patience, up to `limit`. Each
   * is given to one replica, and again after the same patience. Rejects while the store is away.
   */
  async unfinished(tenantId: string, limit: number): Promise<Unfinished[]> {
    const { store, clock, patienceMs } = this.#options;
    const nowMs = clock.now();
    const tag = tenantTag(tenantId);
    const homes = await store.claimDue(tag, {
      nowMs,
      againMs: nowMs + patienceMs,
      limit,
    });
    if (homes.length === 0) return [];
    const entries = await this.#read(homes);
    const gone: string[] = [];
    const found: Unfinished[] = [];
    for (const home of homes) {
      const stored = entries.get(home)?.stored;
      if (stored?.kind === "conversation")
        found.push({ home, conversation: stored.conversation });
      else gone.push(home);
    }
    await store.dropDue(tag, gone);
    return found;
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
    for (const slot of kept) slot.tell();
    const refused: Step[] = [];
    for (const [at, slot] of changed.entries()) {
      if (written[at] === true) slot.tell();
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
    const { ttlMs, patienceMs, clock } = this.#options;
    const version = `${this.#writer}.${(this.#writes += 1).toString(36)}`;
    const dueMs = hasOpenEffects(state)
      ? clock.now() + patienceMs
      : before !== undefined && hasOpenEffects(before)
        ? null
        : undefined;
    return [
      {
        key: home,
        expected,
        version,
        value: encodeConversation(state),
        ttlMs,
        ...(dueMs === undefined ? {} : { dueMs }),
      },
      ...[...slot.aliases].map(([key, present]) => ({
        key,
        expected: present,
        version,
        value: encodeElsewhere(home),
        ttlMs: ttlMs * ALIAS_TTL_FACTOR,
        dueMs: null,
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
