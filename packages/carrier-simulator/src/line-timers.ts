import type { Clock, Timer } from "@easymo/service-kit";

/** Timers in the time of the line, which may be faster than the clock's; all of them end with the call. */
export class LineTimers {
  readonly #clock: Clock;
  readonly #speed: number;
  readonly #timers = new Set<Timer>();

  constructor(clock: Clock, speed: number) {
    this.#clock = clock;
    this.#speed = speed;
  }

  after(lineMs: number, then: () => void): Timer {
    const timer = this.#clock.setTimeout(() => {
      this.#timers.delete(timer);
      then();
    }, lineMs / this.#speed);
    this.#timers.add(timer);
    return timer;
  }

  cancel(): void {
    for (const timer of this.#timers) timer.cancel();
  }
}
