import { AgentCoreError } from "@easymo/agent-core-client";
import type { EasymoEvent, TakenEvent } from "@easymo/messaging";
import type { Identity } from "../conversation/identity.js";
import { causeOf, type Cause } from "../machine/draft.js";

/** What effects are done for. */
export interface EffectWork {
  readonly tenantId: string;
  /** The agent that the event names. */
  readonly agent: string | undefined;
  readonly cause: Cause;
  /** Aborted when someone else takes the rest over. */
  readonly signal: AbortSignal;
  /** False when the effect is at work already. */
  beginEffect(key: string): boolean;
  endEffect(key: string, failure?: unknown): void;
}

/** What is known of what is at work by. */
export function workName(tenantId: string, of: string): string {
  return `${tenantId}\n${of}`;
}

/** An event from the moment that it is taken to its last effect. */
export class EventWork implements EffectWork {
  readonly taken: TakenEvent;
  readonly identity: Identity;
  readonly cause: Cause;
  /** What an event is known by while it is at work. */
  readonly name: string;
  readonly #finished: (work: EventWork) => void;
  #effects: Set<string> | undefined;
  #failures: unknown[] | undefined;
  #repeats: TakenEvent[] | undefined;
  #running = 0;

  /** @param finished nothing of the event is at work any more */
  constructor(
    taken: TakenEvent,
    identity: Identity,
    finished: (work: EventWork) => void,
  ) {
    this.taken = taken;
    this.identity = identity;
    this.cause = causeOf(taken.event);
    this.name = workName(taken.event.tenantId, this.cause.of);
    this.#finished = finished;
  }

  /** The same event has come again. */
  repeat(taken: TakenEvent): void {
    (this.#repeats ??= []).push(taken);
  }

  get repeats(): readonly TakenEvent[] {
    return this.#repeats ?? [];
  }

  get tenantId(): string {
    return this.event.tenantId;
  }

  get agent(): string | undefined {
    const { data } = this.event;
    return "agent" in data ? data.agent : undefined;
  }

  get signal(): AbortSignal {
    return this.taken.signal;
  }

  get event(): EasymoEvent {
    return this.taken.event;
  }

  /** Something of it is at work, until as many `end`s. */
  begin(): void {
    this.#running += 1;
  }

  end(failure?: unknown): void {
    if (failure !== undefined) (this.#failures ??= []).push(failure);
    this.#running -= 1;
    if (this.#running === 0) this.#finished(this);
  }

  beginEffect(key: string): boolean {
    this.#effects ??= new Set();
    if (this.#effects.has(key)) return false;
    this.#effects.add(key);
    this.begin();
    return true;
  }

  /** The effect may be begun again. */
  endEffect(key: string, failure?: unknown): void {
    this.#effects?.delete(key);
    this.end(failure);
  }

  /** Why the event is not done; one that may pass counts more than one that stays. */
  get failure(): unknown {
    const failures = this.#failures;
    if (failures === undefined) return undefined;
    const passing = failures.filter((failure) => mayPass(failure));
    // What was tried and failed counts as an attempt, whatever was not tried besides.
    return (
      passing.find((failure) => !isUntried(failure)) ??
      passing[0] ??
      failures[0]
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

/** Whether nothing was sent, because a circuit is open. Pure. */
export function isUntried(failure: unknown): boolean {
  return failure instanceof AgentCoreError && failure.code === "circuit_open";
}
