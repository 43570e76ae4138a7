import type { KeyValueStore } from "@easymo/messaging";
import type { Clock } from "@easymo/service-kit";
import type { TurnRequest } from "./turn-model.js";

export interface TokenBudgetDeps {
  readonly keyValue: KeyValueStore;
  readonly clock: Clock;
  /** For one person and day (UTC), input and output together. */
  readonly tokensPerDay: number;
}

/** A day and a while: somewhere it is still yesterday. */
const KEPT_MS = 36 * 3_600_000;
const TRIES = 20;

/** How many of a model's tokens people used today, on every replica. Rejects while the store is away. */
export class TokenBudget {
  readonly #deps: TokenBudgetDeps;

  constructor(deps: TokenBudgetDeps) {
    this.#deps = deps;
  }

  /** What is left of the person's day; never below 0. */
  async left(turn: TurnRequest): Promise<number> {
    const { keyValue, tokensPerDay } = this.#deps;
    const used = await Promise.all(
      this.#keys(turn).map(async (key) => Number(await keyValue.get(key)) || 0),
    );
    return Math.max(0, tokensPerDay - Math.max(0, ...used));
  }

  async spend(turn: TurnRequest, tokens: number): Promise<void> {
    await Promise.all(this.#keys(turn).map((key) => this.#add(key, tokens)));
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

  async #add(key: string, tokens: number): Promise<void> {
    const { keyValue } = this.#deps;
    for (let tries = 0; tries < TRIES; tries++) {
      const before = await keyValue.get(key);
      const after = String((Number(before) || 0) + tokens);
      const options = { ttlMs: KEPT_MS };
      if (await keyValue.compareAndSet(key, before, after, options)) return;
    }
    throw new Error("The token budget changes faster than it can be added to.");
  }
}
