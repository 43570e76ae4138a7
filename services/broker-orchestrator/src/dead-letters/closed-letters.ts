import type { KeyValueStore } from "@easymo/messaging";
import type { Clock } from "@easymo/service-kit";
import type { DeadLetter } from "./dead-letter.js";

/** What became of a dead letter that is not open any more. */
export type Closing = "replayed" | "dropped";

const DAY_MS = 24 * 3_600_000;
/** The dead-letter topic keeps its records for 30 days. */
const KEPT_MS = 32 * DAY_MS;
const AT_ONCE = 500;

/**
 * Which dead letters were replayed or dropped: a log's records cannot be taken away one by one, so the store that the
 * replicas share remembers it, for longer than the topic keeps them.
 */
export class ClosedLetters {
  readonly #keyValue: KeyValueStore;
  readonly #clock: Clock;
  readonly #topic: string;

  constructor(deps: {
    readonly keyValue: KeyValueStore;
    readonly clock: Clock;
    readonly topic: string;
  }) {
    this.#keyValue = deps.keyValue;
    this.#clock = deps.clock;
    this.#topic = deps.topic;
  }

  async openOf(letters: readonly DeadLetter[]): Promise<DeadLetter[]> {
    const open: DeadLetter[] = [];
    for (let from = 0; from < letters.length; from += AT_ONCE) {
      const some = letters.slice(from, from + AT_ONCE);
      const found = await Promise.all(
        some.map((letter) => this.#keyValue.get(this.#key(letter))),
      );
      open.push(...some.filter((_, at) => found[at] === undefined));
    }
    return open;
  }

  async close(letter: DeadLetter, how: Closing): Promise<void> {
    const at = new Date(this.#clock.now()).toISOString();
    await this.#keyValue.set(this.#key(letter), `${how} ${at}`, {
      ttlMs: Math.max(DAY_MS, letter.failedAtMs + KEPT_MS - this.#clock.now()),
    });
  }

  /** With the time, so that a topic that was made anew begins with nothing closed. */
  #key({ id, failedAtMs }: DeadLetter): string {
    return `dead-letters:closed:${this.#topic}:${id}:${failedAtMs}`;
  }
}
