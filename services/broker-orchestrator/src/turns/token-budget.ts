import type { KeyValueStore } from "@easymo/messaging";
import type { Clock } from "@easymo/service-kit";
import type { TurnRequest } from "./turn-model.js";

export interface TokenBudgetDeps {
  readonly keyValue: KeyValueStore;
  readonly clock: Clock;
  /** For one person and day (UTC), input and output together. */
  readonly tokensPerDay: number;
}

/** What one request to a model may take. */
export interface Wanted {
  /** To ask. */
  readonly inputTokens: number;
  /** To answer; with less than the least it is not worth asking. */
  readonly outputTokens: { readonly least: number; readonly most: number };
}

/** Tokens that are counted as used until it is known how many were. */
export interface HeldTokens {
  /** Left for the answer. */
  readonly outputTokens: number;
  readonly byKey: ReadonlyMap<string, number>;
}

/** A day and a while: somewhere it is still yesterday. */
const KEPT_MS = 36 * 3_600_000;
const TRIES = 50;

/**
 * How many of a model's tokens people used today, on every replica. They are held before the model is asked: neither
 * requests at the same time nor a replica that ends in between use more than there are. Rejects while the store is away.
 */
export class TokenBudget {
  readonly #deps: TokenBudgetDeps;

  constructor(deps: TokenBudgetDeps) {
    this.#deps = deps;
  }

  /** Holds what a request may take, or less where less is left of the person's day; undefined when that is too little. */
  async hold(
    turn: TurnRequest,
    wanted: Wanted,
  ): Promise<HeldTokens | undefined> {
    const byKey = new Map<string, number>();
    let outputTokens = wanted.outputTokens.most;
    for (const key of this.#keys(turn)) {
      const held = await this.#holdOf(key, wanted);
      if (held === undefined) {
        await this.settle({ outputTokens: 0, byKey }, 0);
        return undefined;
      }
      byKey.set(key, held);
      outputTokens = Math.min(outputTokens, held - wanted.inputTokens);
    }
    return { outputTokens, byKey };
  }

  /** What was held is used, so much of it; the rest may be used again. */
  async settle({ byKey }: HeldTokens, usedTokens: number): Promise<void> {
    await Promise.all(
      [...byKey].map(([key, held]) =>
        this.#change(key, () => usedTokens - held),
      ),
    );
  }

  async #holdOf(key: string, wanted: Wanted): Promise<number | undefined> {
    const { inputTokens, outputTokens } = wanted;
    return this.#change(key, (used) => {
      const left = this.#deps.tokensPerDay - used - inputTokens;
      return left < outputTokens.least
        ? undefined
        : inputTokens + Math.min(left, outputTokens.most);
    });
  }

  /** One for the number and one for the user id: whichever a later turn knows the person by. */
  #keys({ tenantId, contact }: TurnRequest): string[] {
    const day = new Date(this.#deps.clock.now()).toISOString().slice(0, 10);
    const names = [contact.phone, contact.userId].filter(
      (name) => name !== undefined,
    );
    return [...new Set(names)].map(
      (name) => `turns:tokens:${day}:${tenantId}:${name}`,
    );
  }

  /** Adds what `more` gives for what was used, and tells it; undefined leaves it so. */
  async #change(
    key: string,
    more: (used: number) => number | undefined,
  ): Promise<number | undefined> {
    const { keyValue } = this.#deps;
    const options = { ttlMs: KEPT_MS };
    for (let tries = 0; tries < TRIES; tries++) {
      const before = await keyValue.get(key);
      const used = Number(before) || 0;
      const added = more(used);
      if (added === undefined) return undefined;
      const value = String(Math.max(0, used + added));
      if (await keyValue.compareAndSet(key, before, value, options))
        return added;
    }
    throw new Error("The token budget changes faster than it can be added to.");
  }
}
