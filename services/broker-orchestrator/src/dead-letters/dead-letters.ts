import {
  PublishError,
  topicNames,
  type Bus,
  type BusRecord,
  type KeyValueStore,
  type ReceivedRecord,
} from "@easymo/messaging";
import type { Clock } from "@easymo/service-kit";
import { ClosedLetters } from "./closed-letters.js";
import {
  deadLetterOf,
  isCalled,
  isMeant,
  type DeadLetter,
  type DeadLetterFilter,
} from "./dead-letter.js";
import { readTopic } from "./read-topic.js";
import { replayOf } from "./replay.js";

export interface DeadLettersDeps {
  readonly bus: Bus;
  readonly keyValue: KeyValueStore;
  readonly clock: Clock;
  /** Default: `broker.dlq`. */
  readonly topic?: string;
  /** For reading the topic once. Default: 60,000. */
  readonly timeoutMs?: number;
  /** How much of the topic is held in memory at once. Default: 64 MiB. */
  readonly maxBytes?: number;
}

/** A dead letter with what is in it. */
export interface OpenedLetter {
  readonly letter: DeadLetter;
  readonly value: Buffer;
}

/** What came of replaying or dropping a dead letter. */
export interface Settled {
  readonly letter: DeadLetter;
  readonly outcome:
    | { readonly kind: "replayed"; readonly topic: string }
    | { readonly kind: "dropped" }
    /** It is open as before. */
    | { readonly kind: "refused"; readonly reason: string };
}

const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_MAX_BYTES = 64 * 1_024 * 1_024;

const obstacles = {
  no_origin: "it does not say which topic it came from",
  value_shortened: "only the beginning of its value was kept",
} as const;

/** What has to do with one record or its topic, not with the brokers. */
const recordProblems: ReadonlySet<string> = new Set([
  "topic_unknown",
  "record_too_large",
  "not_authorized",
]);

interface Pass {
  readonly open: readonly OpenedLetter[];
  /** Some were left out, because of the room that they take. */
  readonly more: boolean;
}

/**
 * The records that consumers of all services gave up on: those that are still open, and what is done about them. Every
 * method rejects with BusUnavailableError or StoreUnavailableError while Kafka or Redis is away.
 */
export class DeadLetters {
  readonly #deps: DeadLettersDeps;
  readonly #topic: string;
  readonly #closed: ClosedLetters;

  constructor(deps: DeadLettersDeps) {
    this.#deps = deps;
    this.#topic = deps.topic ?? topicNames.brokerDlq;
    this.#closed = new ClosedLetters({ ...deps, topic: this.#topic });
  }

  /** The open ones that are meant, the latest first. */
  async list(filter: DeadLetterFilter = {}): Promise<DeadLetter[]> {
    const found: DeadLetter[] = [];
    await this.#read((record) => {
      const letter = deadLetterOf(record);
      if (isMeant(letter, filter)) found.push(letter);
    });
    const open = await this.#closed.openOf(found);
    return open.sort((a, b) => b.failedAtMs - a.failedAtMs);
  }

  /** One of them, open or not, with its value, the latest of an event's; undefined when there is none. */
  async find(id: string): Promise<OpenedLetter | undefined> {
    let found: OpenedLetter | undefined;
    await this.#read((record) => {
      const letter = deadLetterOf(record);
      const isLater = letter.failedAtMs >= (found?.letter.failedAtMs ?? 0);
      if (isCalled(letter, id) && isLater)
        found = { letter, value: record.value };
    });
    return found;
  }

  /** Has the open ones that are meant handled again, the oldest first; see `replayOf`. */
  async replay(filter: DeadLetterFilter): Promise<Settled[]> {
    return this.#settle(filter, async ({ letter, value }) => {
      const replay = replayOf(letter, value, this.#deps.clock.now());
      if ("obstacle" in replay)
        return { kind: "refused", reason: obstacles[replay.obstacle] };
      const { record } = replay;
      // Published before it is closed: whoever ends in between leaves it open, and a repeat is dropped by its id.
      const refusal = await this.#publish(record);
      if (refusal !== undefined) return { kind: "refused", reason: refusal };
      await this.#closed.close(letter, "replayed");
      return { kind: "replayed", topic: record.topic };
    });
  }

  /** Closes the open ones that are meant: nothing becomes of them. */
  async drop(filter: DeadLetterFilter): Promise<Settled[]> {
    return this.#settle(filter, async ({ letter }) => {
      await this.#closed.close(letter, "dropped");
      return { kind: "dropped" };
    });
  }

  async #settle(
    filter: DeadLetterFilter,
    step: (opened: OpenedLetter) => Promise<Settled["outcome"]>,
  ): Promise<Settled[]> {
    const settled: Settled[] = [];
    const tried = new Set<string>();
    for (;;) {
      const { open, more } = await this.#openOnes(filter, tried);
      for (const opened of open) {
        tried.add(opened.letter.id);
        const outcome = await step(opened);
        settled.push({ letter: opened.letter, outcome });
      }
      if (!more || open.length === 0) return settled;
    }
  }

  /** As many of them as there is room for, the oldest of each partition first. */
  async #openOnes(
    filter: DeadLetterFilter,
    tried: ReadonlySet<string>,
  ): Promise<Pass> {
    const maxBytes = this.#deps.maxBytes ?? DEFAULT_MAX_BYTES;
    const values = new Map<string, Buffer>();
    const letters: DeadLetter[] = [];
    let bytes = 0;
    await this.#read((record) => {
      const letter = deadLetterOf(record);
      if (tried.has(letter.id) || !isMeant(letter, filter)) return;
      letters.push(letter);
      if (values.size > 0 && bytes + letter.bytes > maxBytes) return;
      bytes += letter.bytes;
      values.set(letter.id, record.value);
    });
    const open = await this.#closed.openOf(letters);
    const opened = open.flatMap((letter): OpenedLetter[] => {
      const value = values.get(letter.id);
      return value === undefined ? [] : [{ letter, value }];
    });
    return {
      open: opened.sort((a, b) => a.letter.failedAtMs - b.letter.failedAtMs),
      more: opened.length < open.length,
    };
  }

  /** Why this record is not taken, when others may be. */
  async #publish(record: BusRecord): Promise<string | undefined> {
    try {
      await this.#deps.bus.publish([record]);
      return undefined;
    } catch (error) {
      const isOwn =
        error instanceof PublishError && recordProblems.has(error.code);
      if (isOwn) return error.message;
      throw error;
    }
  }

  #read(onRecord: (record: ReceivedRecord) => void): Promise<void> {
    const { bus, clock, timeoutMs = DEFAULT_TIMEOUT_MS } = this.#deps;
    return readTopic({ bus, clock, timeoutMs, topic: this.#topic, onRecord });
  }
}
