import type { Effect } from "../machine/effects.js";
import type { Cause } from "../machine/draft.js";
import type { EffectWork } from "./event-work.js";

/** What was left of an event that nobody brings again. */
export class SweptWork implements EffectWork {
  readonly tenantId: string;
  readonly cause: Cause;
  readonly signal: AbortSignal;
  /** The conversation's. */
  readonly agent = undefined;
  readonly #finished: (failure: unknown) => void;
  readonly #effects = new Set<string>();
  #failure: unknown;

  /** @param finished nothing of it is at work any more; with one of the reasons why not all of it is done */
  constructor(options: {
    tenantId: string;
    cause: Cause;
    signal: AbortSignal;
    finished: (failure: unknown) => void;
  }) {
    this.tenantId = options.tenantId;
    this.cause = options.cause;
    this.signal = options.signal;
    this.#finished = options.finished;
  }

  beginEffect(key: string): boolean {
    if (this.#effects.has(key)) return false;
    this.#effects.add(key);
    return true;
  }

  endEffect(key: string, failure?: unknown): void {
    this.#failure ??= failure;
    this.#effects.delete(key);
    if (this.#effects.size === 0) this.#finished(this.#failure);
  }
}

/** The effects that were not given up, by the event that they come from. Pure. */
export function leftOf(
  outbox: readonly Effect[],
): { cause: Cause; effects: readonly Effect[] }[] {
  const byEvent = new Map<string, Effect[]>();
  for (const effect of outbox) {
    if (effect.buried === true) continue;
    const own = byEvent.get(effect.of);
    if (own === undefined) byEvent.set(effect.of, [effect]);
    else own.push(effect);
  }
  return [...byEvent.values()].flatMap((effects) => {
    const [first] = effects;
    if (first === undefined) return [];
    const { of, eventId, requestId, traceparent } = first;
    const cause: Cause = {
      of,
      eventId,
      requestId,
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    return [{ cause, effects }];
  });
}
