import type { Clock } from "@easymo/service-kit";

/** How long `waitFor` waits unless told otherwise. */
const DEFAULT_WAIT_MS = 15_000;

/** How to wait for an event. */
export interface WaitOptions {
  /** Gives up after so long; 15 s unless told. */
  readonly timeoutMs?: number;
}

/**
 * Typed events, one payload each, that can also be waited for. The events
 * named in `remembered` are kept: waiting for one that has already happened is
 * answered at once.
 */
export class Events<P> {
  readonly #clock: Clock;
  readonly #listeners: { [E in keyof P]?: Set<(payload: P[E]) => void> } = {};
  readonly #past: { [E in keyof P]?: P[E][] } = {};
  readonly #remembered: ReadonlySet<keyof P>;
  readonly #failures = new Set<(why: string) => void>();
  #finished: string | undefined;

  constructor(clock: Clock, remembered: readonly (keyof P)[]) {
    this.#clock = clock;
    this.#remembered = new Set(remembered);
  }

  /** Calls `listener` each time; the answer takes it off again. */
  on<E extends keyof P>(
    event: E,
    listener: (payload: P[E]) => void,
  ): () => void {
    const listeners =
      this.#listeners[event] ?? new Set<(payload: P[E]) => void>();
    this.#listeners[event] = listeners;
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  /** Tells everyone who listens. */
  emit<E extends keyof P>(event: E, payload: P[E]): void {
    if (this.#remembered.has(event)) {
      const past: P[E][] = this.#past[event] ?? [];
      this.#past[event] = past;
      past.push(payload);
    }
    const listeners = this.#listeners[event];
    if (listeners === undefined || listeners.size === 0) return;
    for (const listener of [...listeners]) listener(payload);
  }

  /** What happened so far, of an event that is remembered. */
  past<E extends keyof P>(event: E): readonly P[E][] {
    return this.#past[event] ?? [];
  }

  /** Nothing will happen any more: whoever still waits is told why. */
  finish(why: string): void {
    this.#finished = why;
    for (const fail of [...this.#failures]) fail(why);
  }

  /**
   * The first event that `matches`, past ones included when the event is
   * remembered. Rejects when it does not come in time or cannot come any more.
   */
  waitFor<E extends keyof P>(
    event: E,
    matches: (payload: P[E]) => boolean = () => true,
    options: WaitOptions = {},
  ): Promise<P[E]> {
    const already = this.past(event).find(matches);
    if (already !== undefined) return Promise.resolve(already);
    const name = String(event);
    if (this.#finished !== undefined) {
      return Promise.reject(notComing(name, this.#finished));
    }
    const timeoutMs = options.timeoutMs ?? DEFAULT_WAIT_MS;
    return new Promise((resolve, reject) => {
      const settle = () => {
        timer.cancel();
        off();
        this.#failures.delete(fail);
      };
      const fail = (why: string) => {
        settle();
        reject(notComing(name, why));
      };
      const off = this.on(event, (payload) => {
        if (!matches(payload)) return;
        settle();
        resolve(payload);
      });
      const timer = this.#clock.setTimeout(
        () => fail(`${timeoutMs} ms have passed`),
        timeoutMs,
      );
      this.#failures.add(fail);
    });
  }
}

function notComing(event: string, why: string): Error {
  return new Error(`Waited for "${event}" in vain: ${why}.`);
}
