import type { Clock } from "../clock.js";

/** What became of a task: it is done, or must be looked at again after a while, before anything else of its key. */
export type TaskOutcome = { readonly againAfterMs: number } | undefined;

export type Task = () => Promise<TaskOutcome>;

interface Lane {
  readonly key: string;
  readonly tasks: Task[];
}

/** Runs tasks of one key one after another, and of different keys at the same time, up to a number. */
export class KeyLanes {
  readonly #concurrency: number;
  readonly #clock: Clock;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes whose first task may run, longest waiting first. */
  #ready: Lane[] = [];
  #running = 0;
  #paused = false;
  #idle: (() => void)[] = [];

  constructor(concurrency: number, clock: Clock) {
    this.#concurrency = concurrency;
    this.#clock = clock;
  }

  push(key: string, task: Task): void {
    const lane = this.#lanes.get(key);
    if (lane !== undefined) {
      lane.tasks.push(task);
      return;
    }
    const opened = { key, tasks: [task] };
    this.#lanes.set(key, opened);
    this.#ready.push(opened);
    this.#dispatch();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#dispatch();
  }

  /** Resolves when no task runs; only useful while paused. */
  async idle(): Promise<void> {
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #dispatch(): void {
    while (!this.#paused && this.#running < this.#concurrency) {
      const lane = this.#ready.shift();
      const task = lane?.tasks[0];
      if (lane === undefined || task === undefined) return;
      this.#running += 1;
      void this.#run(lane, task);
    }
  }

  async #run(lane: Lane, task: Task): Promise<void> {
    const outcome = await task();
    this.#running -= 1;
    if (outcome === undefined) {
      lane.tasks.shift();
      this.#goOn(lane);
    } else {
      // The key waits, its place among the running does not.
      this.#clock.setTimeout(() => {
        this.#goOn(lane);
        this.#dispatch();
      }, outcome.againAfterMs);
    }
    if (this.#running === 0) {
      for (const resolve of this.#idle.splice(0)) resolve();
    }
    this.#dispatch();
  }

  #goOn(lane: Lane): void {
    if (lane.tasks.length > 0) this.#ready.push(lane);
    else this.#lanes.delete(lane.key);
  }
}
