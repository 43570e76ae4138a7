import type { Logger } from "pino";
import type { Subscription } from "../bus/bus.js";
import { delay, type Clock, type Timer } from "../clock.js";
import type { OwnedPartition } from "./owned-partition.js";

const COMMIT_AFTER_MS = 100;
const COMMIT_AGAIN_MS = 1_000;
/** How often the commit of a consumer that stops is tried; a rebalance may be in its way. */
const LAST_TRIES = 5;
const LAST_PAUSE_MS = 200;

/** Commits the done prefixes a moment after they grew, one commit at a time. */
export class CommitLoop {
  readonly #clock: Clock;
  readonly #logger: Logger;
  #subscription: Subscription | undefined;
  #owned: () => Iterable<OwnedPartition> = () => [];
  #timer: Timer | undefined;
  #committing: Promise<void> | undefined;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  begin(
    subscription: Subscription,
    owned: () => Iterable<OwnedPartition>,
  ): void {
    this.#subscription = subscription;
    this.#owned = owned;
    this.soon();
  }

  soon(delayMs = COMMIT_AFTER_MS): void {
    this.#timer ??= this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#committing ??= this.#commit().finally(() => {
        this.#committing = undefined;
        this.#goOn();
      });
    }, delayMs);
  }

  /** The last commit: waits for one that is under way, then commits what came since. */
  async end(): Promise<void> {
    await this.#committing;
    for (let tries = 0; tries < LAST_TRIES; tries++) {
      await this.#commit();
      this.#timer?.cancel();
      this.#timer = undefined;
      if (!this.#behind()) break;
      await delay(this.#clock, LAST_PAUSE_MS);
    }
    this.#subscription = undefined;
  }

  async #commit(): Promise<void> {
    const due = [...this.#owned()].flatMap(({ place, tracker }) => {
      const offset = tracker.committable;
      return offset === undefined ? [] : [{ place, tracker, offset }];
    });
    try {
      if (due.length > 0) {
        await this.#subscription?.commit(
          due.map(({ place, offset }) => ({
            ...place,
            offset: String(offset),
          })),
        );
        for (const { tracker, offset } of due) tracker.committed(offset);
      }
    } catch (error) {
      // During a rebalance or an outage; what stays uncommitted comes again, which consumers bear.
      this.#logger.debug({ err: error }, "offsets not committed; trying again");
      this.soon(COMMIT_AGAIN_MS);
    }
  }

  /** What came while a commit was under way is committed next. */
  #goOn(): void {
    if (this.#behind()) this.soon();
  }

  #behind(): boolean {
    return [...this.#owned()].some(
      ({ tracker }) => tracker.committable !== undefined,
    );
  }
}
