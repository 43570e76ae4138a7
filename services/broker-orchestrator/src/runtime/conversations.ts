import { randomBytes } from "node:crypto";
import type { VersionedChange, VersionedStore } from "@easymo/messaging";
import type { Clock, Logger } from "@easymo/service-kit";
import {
  decodeStored,
  encodeConversation,
  encodeElsewhere,
} from "../conversation/codec.js";
import { hasOpenEffects, type Conversation } from "../conversation/state.js";
import { Remembered } from "./remembered.js";
import { Rounds, type Round } from "./rounds.js";
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

/** What became of a round. */
interface Attempted {
  /** Steps that are to be taken once more. */
  readonly again: Step[];
  /** Someone else is writing at the same time. */
  readonly isConflict: boolean;
}

/** Steps of one round; with more the next round is only later, not larger. */
const MAX_STEPS = 512;
/** While one is written the next is read, and what comes of it is made. */
const MAX_ROUNDS = 4;
/** With fewer that wait, a round by itself costs more than it is sooner. */
const WORTH_A_ROUND = 128;
/** As many as talk at once, and as much memory as they may take. */
const MAX_REMEMBERED = { conversations: 4_096, characters: 16 * 1_024 * 1_024 };
const STORE_AWAY_PAUSE_MS = 250;
const CONFLICT_PAUSE_MS = 5;
const LOG_INTERVAL_MS = 10_000;
/** Where a conversation is found stays known longer than the conversation. */
const ALIAS_TTL_FACTOR = 10;

/**
 * The conversations of all persons, changed in rounds: one read for all of them, the pure steps, one write of what changed,
 * outbox included, each conversation whole or not at all. What a replica changed meanwhile is done again. While a round is
 * written, the next one, of other persons, is read.
 */
export class Conversations {
  readonly #options: ConversationsOptions;
  readonly #writer = randomBytes(6).toString("base64url");
  readonly #remembered = new Remembered(MAX_REMEMBERED);
  #writes = 0;
  readonly #rounds = new Rounds();
  #isDue = false;
  /** Rounds are read one after another: the later knows where the keys of the earlier lead. */
  #isReading = false;
  #closed = false;
  #lastLogMs = Number.NEGATIVE_INFINITY;

  constructor(options: ConversationsOptions) {
    this.#options = options;
  }

  submit(step: Step): void {
    const { tenantId } = step;
    const keys = step.keys.map((key) => storeKey(tenantId, key));
    this.#rounds.push({ ...step, keys });
    this.#beginSoon();
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

  /** Everything of one turn of the event loop goes in one round. */
  #beginSoon(): void {
    if (this.#isDue || this.#isReading || this.#closed) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#begin();
    });
  }

  #begin(): void {
    const { size, atWork } = this.#rounds;
    const isWorth = atWork === 0 || size >= WORTH_A_ROUND;
    if (size === 0 || atWork >= MAX_ROUNDS || !isWorth) return;
    const round = this.#rounds.begin(MAX_STEPS);
    if (round === undefined) return;
    this.#isReading = true;
    void this.#take(round);
  }

  async #take(round: Round): Promise<void> {
    let isFirst = true;
    while (round.steps.length > 0 && !this.#closed) {
      try {
        const entries = await this.#readAll(round.steps);
        if (isFirst) {
          isFirst = false;
          this.#rounds.resolve(round, (key) => follow(entries, key));
          this.#isReading = false;
          this.#beginSoon();
        }
        const { again, isConflict } = await this.#attempt(round.steps, entries);
        round.steps = again;
        if (isConflict) await this.#pause(CONFLICT_PAUSE_MS);
      } catch (error) {
        this.#logAway(error);
        await this.#pause(STORE_AWAY_PAUSE_MS);
      }
    }
    this.#rounds.end(round);
    this.#options.onBatch();
    this.#beginSoon();
  }

  #readAll(steps: readonly Step[]): Promise<Map<string, Entry>> {
    const keys = new Set<string>();
    for (const step of steps) for (const key of step.keys) keys.add(key);
    return this.#read(keys, this.#remembered);
  }

  /** Gives the steps whose conversations someone else has changed, or may have, since they were read. */
  async #attempt(
    steps: readonly Step[],
    entries: ReadonlyMap<string, Entry>,
  ): Promise<Attempted> {
    const slots = new Slots(entries);
    for (const step of steps) slots.take(step);
    const changed: Slot[] = [];
    const groups: VersionedChange[][] = [];
    const again: Step[] = [];
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
    let isConflict = false;
    for (const slot of kept) {
      if (this.#remembered.forget(slot)) again.push(...slot.steps());
      else slot.tell();
    }
    for (const [at, slot] of changed.entries()) {
      const [first] = groups[at] ?? [];
      if (written[at] === true && first !== undefined) {
        this.#remembered.written(slot, first);
        slot.tell();
      } else {
        isConflict = true;
        this.#remembered.forget(slot);
        again.push(...slot.steps());
      }
    }
    return { again, isConflict };
  }

  /** Reads keys, and where they lead; not those that are remembered. */
  async #read(
    keys: Iterable<string>,
    remembered?: Remembered,
  ): Promise<Map<string, Entry>> {
    const entries = new Map<string, Entry>();
    const asked = new Set<string>();
    let wanted: string[] = [];
    const want = (list: string[], key: string): void => {
      if (asked.has(key)) return;
      asked.add(key);
      const known = remembered?.get(key);
      if (known === undefined) list.push(key);
      else entries.set(key, known);
    };
    for (const key of keys) want(wanted, key);
    for (let hop = 0; wanted.length > 0 && hop < MAX_HOPS; hop++) {
      const found = await this.#options.store.read(wanted);
      const next: string[] = [];
      for (const [at, key] of wanted.entries()) {
        const value = found[at];
        if (value === undefined) continue;
        const stored = decodeStored(value.value);
        entries.set(key, { version: value.version, stored });
        if (stored?.kind === "elsewhere") want(next, stored.key);
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
    const change = {
      key: home,
      expected,
      version,
      value: encodeConversation(state),
      ttlMs,
      ...(dueMs === undefined ? {} : { dueMs }),
    };
    if (slot.aliases.size === 0) return [change];
    return [
      change,
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
