import type { Clock } from "@easymo/service-kit";
import type { Agent } from "./document.js";

/** Where the counts are, for all replicas of all services to see: messaging's key-value store is one. */
export interface TokenCounts {
  get(key: string): Promise<string | undefined>;
  compareAndSet(
    key: string,
    expected: string | undefined,
    value: string,
    options: { readonly ttlMs: number },
  ): Promise<boolean>;
}

export interface AgentTokensDeps {
  readonly keyValue: TokenCounts;
  readonly clock: Clock;
}

/** A day and a while: somewhere it is still yesterday. */
const KEPT_MS = 36 * 3_600_000;
/** Against other processes only: within one, additions wait for each other. */
const TRIES = 50;

/**
 * How many of the model's tokens a tenant's use of an agent took today (UTC), on calls and on WhatsApp together. What
 * could not be written is kept here and written with the next.
 */
export class AgentTokens {
  readonly #deps: AgentTokensDeps;
  readonly #unwritten = new Map<string, number>();
  readonly #writing = new Map<string, Promise<void>>();

  constructor(deps: AgentTokensDeps) {
    this.#deps = deps;
  }

  /** What is left of the agent's day: never below 0, and no end of it without a limit. Rejects while the store is away. */
  async left(
    tenantId: string,
    agent: Pick<Agent, "name" | "limits">,
  ): Promise<number> {
    const tokensPerDay = agent.limits?.tokensPerDay;
    if (tokensPerDay === undefined) return Number.POSITIVE_INFINITY;
    const key = this.#keyOf(tenantId, agent.name);
    const written = await this.#read(key);
    const used = written + (this.#unwritten.get(key) ?? 0);
    return Math.max(0, tokensPerDay - used);
  }

  /** Adds to what was used; also for agents without a limit, so that one given at noon knows of the morning. */
  async spend(
    tenantId: string,
    agentName: string,
    tokens: number,
  ): Promise<void> {
    if (tokens <= 0) return;
    const key = this.#keyOf(tenantId, agentName);
    this.#unwritten.set(key, (this.#unwritten.get(key) ?? 0) + tokens);
    await Promise.all(
      [...this.#unwritten.keys()].map((one) => this.#write(one)),
    );
  }

  /** Resolves when nothing is being written any more; never rejects. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#writing.values());
  }

  /** One addition at a time for each key, each with all that has come until then. */
  #write(key: string): Promise<void> {
    const before = this.#writing.get(key) ?? Promise.resolve();
    const writing = before
      .catch(() => undefined)
      .then(() => this.#add(key))
      .finally(() => {
        if (this.#writing.get(key) === writing) this.#writing.delete(key);
      });
    this.#writing.set(key, writing);
    return writing;
  }

  async #add(key: string): Promise<void> {
    const { keyValue } = this.#deps;
    const tokens = this.#unwritten.get(key);
    if (tokens === undefined) return;
    for (let tries = 0; tries < TRIES; tries++) {
      const before = await keyValue.get(key);
      const after = String((Number(before) || 0) + tokens);
      if (
        await keyValue.compareAndSet(key, before, after, { ttlMs: KEPT_MS })
      ) {
        const rest = (this.#unwritten.get(key) ?? 0) - tokens;
        if (rest > 0) this.#unwritten.set(key, rest);
        else this.#unwritten.delete(key);
        return;
      }
    }
    throw new Error(
      "An agent's token count changes faster than it can be added to.",
    );
  }

  async #read(key: string): Promise<number> {
    return Number(await this.#deps.keyValue.get(key)) || 0;
  }

  #keyOf(tenantId: string, agentName: string): string {
    const day = new Date(this.#deps.clock.now()).toISOString().slice(0, 10);
    return `agents:tokens:${day}:${tenantId}:${agentName}`;
  }
}
