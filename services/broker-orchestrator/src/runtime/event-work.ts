import type { EasymoEvent, TakenEvent } from "@easymo/messaging";
import type { Identity } from "../conversation/identity.js";
import { digestOf } from "../machine/draft.js";

/** An event from the moment that it is taken to its last effect. */
export class EventWork {
  readonly taken: TakenEvent;
  readonly identity: Identity;
  readonly digest: string;
  readonly #finished: (work: EventWork) => void;
  readonly #effects = new Set<string>();
  readonly #failures: unknown[] = [];
  /** The same event, come again meanwhile. */
  readonly repeats: TakenEvent[] = [];
  #running = 0;

  /** @param finished nothing of the event is at work any more */
  constructor(
    taken: TakenEvent,
    identity: Identity,
    finished: (work: EventWork) => void,
  ) {
    this.taken = taken;
    this.identity = identity;
    this.digest = digestOf(taken.event);
    this.#finished = finished;
  }

  get event(): EasymoEvent {
    return this.taken.event;
  }

  /** Something of it is at work, until as many `end`s. */
  begin(): void {
    this.#running += 1;
  }

  end(failure?: unknown): void {
    if (failure !== undefined) this.#failures.push(failure);
    this.#running -= 1;
    if (this.#running === 0) this.#finished(this);
  }

  /** False when the effect is at work already. */
  beginEffect(key: string): boolean {
    if (this.#effects.has(key)) return false;
    this.#effects.add(key);
    this.begin();
    return true;
  }

  /** The effect may be begun again. */
  endEffect(key: string, failure?: unknown): void {
    this.#effects.delete(key);
    this.end(failure);
  }

  /** Why the event is not done; one that may pass counts more than one that stays. */
  get failure(): unknown {
    return (
      this.#failures.find((failure) => mayPass(failure)) ?? this.#failures[0]
    );
  }
}

/** Whether a failure may be over another time. Pure. */
export function mayPass(failure: unknown): boolean {
  return !(
    failure instanceof Error &&
    "retryable" in failure &&
    failure.retryable === false
  );
}
