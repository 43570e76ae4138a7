import type { Clock, Timer } from "../../clock.js";
import { PublishError } from "../../errors.js";
import type { BusRecord, PublishOptions } from "../bus.js";

export const DEFAULT_PUBLISH_TIMEOUT_MS = 10_000;

/** One record on its way. */
export interface Entry {
  readonly record: BusRecord;
  readonly bytes: number;
  readonly timestampMs: number;
  readonly delivery: Delivery;
}

/** The records of one call to publish: settles when each of them has, or when the caller's time is over. */
export class Delivery {
  readonly entries: readonly Entry[];
  readonly bytes: number;
  readonly settled: Promise<void>;
  readonly startedMs: number;
  #remaining: number;
  #failure: Error | undefined;
  /** Why the last try failed: the error that the caller gets when time is over. */
  #lastProblem: unknown;
  #over = false;
  #whenOver: () => void = () => undefined;
  #timer: Timer | undefined;
  #resolve: () => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #expire = (): void => {
    const [first] = this.entries;
    this.#end(
      new PublishError(
        this.#lastProblem instanceof PublishError
          ? this.#lastProblem.code
          : "bus_unavailable",
        first?.record.topic ?? "",
        "The brokers did not acknowledge the records in time.",
        { retryable: true, cause: this.#lastProblem },
      ),
    );
  };

  /** @param sizes the records' bytes */
  constructor(
    records: readonly BusRecord[],
    sizes: readonly number[],
    options: PublishOptions,
    clock: Clock,
  ) {
    const timestampMs = clock.now();
    this.startedMs = clock.monotonicMs();
    this.entries = records.map((record, at) => ({
      record,
      bytes: sizes[at] ?? 0,
      timestampMs,
      delivery: this,
    }));
    this.bytes = sizes.reduce((sum, bytes) => sum + bytes, 0);
    this.#remaining = records.length;
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#signal = options.signal;
    const timeoutMs = options.timeoutMs ?? DEFAULT_PUBLISH_TIMEOUT_MS;
    if (Number.isFinite(timeoutMs)) {
      this.#timer = clock.setTimeout(this.#expire, timeoutMs);
    }
    if (records.length === 0) this.#end(undefined);
    else if (this.#signal?.aborted === true) this.#expire();
    else this.#signal?.addEventListener("abort", this.#expire);
  }

  /** The caller has its answer; nobody waits for these records any more. */
  get over(): boolean {
    return this.#over;
  }

  /** Called as soon as it is over, before the caller hears of it; at once when it is. */
  whenOver(then: () => void): void {
    if (this.#over) then();
    else this.#whenOver = then;
  }

  note(problem: unknown): void {
    this.#lastProblem = problem;
  }

  expire(): void {
    this.#expire();
  }

  /** One more record has its end. */
  settle(error?: Error): void {
    this.#failure ??= error;
    this.#remaining -= 1;
    if (this.#remaining === 0) this.#end(this.#failure);
  }

  #end(error: Error | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#whenOver();
    this.#timer?.cancel();
    this.#signal?.removeEventListener("abort", this.#expire);
    if (error === undefined) this.#resolve();
    else this.#reject(error);
  }
}
