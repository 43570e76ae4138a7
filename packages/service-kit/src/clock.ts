/** A timer that has been armed; `cancel` is harmless once it has fired. */
export interface Timer {
  cancel(): void;
}

/** Time as a dependency, so that tests decide when it passes. */
export interface Clock {
  /** Milliseconds since the Unix epoch; may jump when the host's clock is set. */
  now(): number;
  /** Milliseconds that only ever grow; for measuring durations. */
  monotonicMs(): number;
  /** Calls `fn` once, `delayMs` from now; a negative or NaN delay counts as 0. */
  setTimeout(fn: () => void, delayMs: number): Timer;
}

/** Node fires a longer timer at once, with a warning (`TimeoutOverflowWarning`). */
const LONGEST_NODE_DELAY_MS = 2 ** 31 - 1;

function sane(delayMs: number): number {
  return delayMs > 0 ? delayMs : 0;
}

function armSystemTimer(fn: () => void, delayMs: number): Timer {
  let handle: NodeJS.Timeout;
  const arm = (remainingMs: number): void => {
    const stepMs = Math.min(remainingMs, LONGEST_NODE_DELAY_MS);
    handle = setTimeout(() => {
      if (remainingMs > stepMs) {
        arm(remainingMs - stepMs);
      } else {
        fn();
      }
    }, stepMs);
  };
  arm(sane(delayMs));
  return { cancel: () => clearTimeout(handle) };
}

/** The host's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimeout: armSystemTimer,
};

interface ManualTimer {
  readonly dueMs: number;
  readonly order: number;
  readonly fn: () => void;
}

/** A clock for tests: it stands still until it is told to advance. */
export class ManualClock implements Clock {
  readonly #startMs: number;
  readonly #timers = new Set<ManualTimer>();
  #elapsedMs = 0;
  #armed = 0;

  /** @param startMs what `now()` says at first, in milliseconds since the epoch. */
  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#startMs = startMs;
  }

  now(): number {
    return this.#startMs + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  setTimeout(fn: () => void, delayMs: number): Timer {
    const timer: ManualTimer = {
      dueMs: this.#elapsedMs + sane(delayMs),
      order: this.#armed++,
      fn,
    };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  /** How many timers are armed. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /**
   * Moves time on by `ms`, running what falls due in order of its time (and of
   * arming, for equal times), timers armed on the way included. While a timer
   * runs, the clock shows the time at which it was due.
   */
  advance(ms: number): void {
    const targetMs = this.#elapsedMs + sane(ms);
    for (
      let next = this.#nextDue(targetMs);
      next !== undefined;
      next = this.#nextDue(targetMs)
    ) {
      this.#fire(next);
    }
    this.#elapsedMs = targetMs;
  }

  /**
   * Like `advance`, but lets promises settle before the first timer and after
   * each one, so that asynchronous code may arm its next timer in between.
   */
  async advanceAsync(ms: number): Promise<void> {
    const targetMs = this.#elapsedMs + sane(ms);
    await settle();
    for (
      let next = this.#nextDue(targetMs);
      next !== undefined;
      next = this.#nextDue(targetMs)
    ) {
      this.#fire(next);
      await settle();
    }
    this.#elapsedMs = Math.max(this.#elapsedMs, targetMs);
  }

  #fire(timer: ManualTimer): void {
    this.#timers.delete(timer);
    this.#elapsedMs = Math.max(this.#elapsedMs, timer.dueMs);
    timer.fn();
  }

  #nextDue(targetMs: number): ManualTimer | undefined {
    let next: ManualTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs > targetMs) {
        continue;
      }
      if (
        next === undefined ||
        timer.dueMs < next.dueMs ||
        (timer.dueMs === next.dueMs && timer.order < next.order)
      ) {
        next = timer;
      }
    }
    return next;
  }
}

/** One turn of the event loop: everything that waits on promises alone has run. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
