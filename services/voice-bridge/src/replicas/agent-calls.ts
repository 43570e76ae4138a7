import { randomUUID } from "node:crypto";
import type { VersionedStore } from "@easymo/messaging";
import type { Agent } from "@easymo/routing";
import type { Clock, Logger, Timer } from "@easymo/service-kit";
import { z } from "zod";

/** A replica that died leaves its calls counted for this long. */
const LEASE_MS = 30_000;
const RENEW_MS = 10_000;
const TRIES = 20;

export interface AgentCallsDeps {
  readonly versioned: Pick<VersionedStore, "read" | "write">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A call of an agent that works for a tenant. */
export interface AgentCall {
  readonly callId: string;
  readonly tenantId: string;
  readonly agent: Pick<Agent, "name" | "limits">;
}

/** The calls of one agent for one tenant, and until when (epoch ms) each counts. */
type Counted = Map<string, number>;

const stored = z.record(z.string(), z.number());

/**
 * How many calls an agent has at once for a tenant, over all replicas: a list of leases in the store, renewed in the
 * background by whichever replica has the call. A store that is away is no reason to refuse a caller: this replica's
 * own calls are counted then. Calls that were up before an agent was given a limit are not counted.
 */
export class AgentCalls {
  readonly #deps: AgentCallsDeps;
  /** By call id; the calls that this replica renews. */
  readonly #here = new Map<string, { key: string; limit: number }>();
  /** By key: changes of one list wait for each other. */
  readonly #changing = new Map<string, Promise<unknown>>();
  #renewing: Timer | undefined;

  constructor(deps: AgentCallsDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#renewing = this.#deps.clock.setTimeout(() => {
      const keys = new Set([...this.#here.values()].map(({ key }) => key));
      for (const key of keys) void this.#renew(key);
      this.start();
    }, RENEW_MS);
  }

  stop(): void {
    this.#renewing?.cancel();
  }

  /** Never rejects. False: the agent has as many calls as it may. A call that is counted already stays so. */
  async take(call: AgentCall): Promise<boolean> {
    const limit = call.agent.limits?.calls;
    if (limit === undefined || this.#here.has(call.callId)) return true;
    const key = keyOf(call);
    const others = this.#countHere(key);
    this.#here.set(call.callId, { key, limit });
    const isIn = await this.#add(key, call.callId, limit, LEASE_MS, others);
    if (!isIn) this.#here.delete(call.callId);
    // Over before the answer came: not to be counted for nobody.
    else if (!this.#here.has(call.callId)) this.#drop(key, call.callId);
    return isIn;
  }

  /**
   * Counts a call that is about to be dialled, and whose id is not known yet. Never rejects. Undefined: the agent has as
   * many calls as it may.
   */
  async hold(
    call: Omit<AgentCall, "callId">,
    ringingMs: number,
  ): Promise<HeldCall | undefined> {
    const limit = call.agent.limits?.calls;
    if (limit === undefined) return NOT_COUNTED;
    const key = keyOf(call);
    const id = randomUUID();
    const others = this.#countHere(key);
    if (!(await this.#add(key, id, limit, ringingMs, others))) return undefined;
    return {
      dialled: (callId) =>
        this.#changeQuietly(key, (counted, nowMs) => {
          counted.delete(id);
          if (!counted.has(callId)) counted.set(callId, nowMs + ringingMs);
        }),
      release: () => {
        this.#drop(key, id);
        return Promise.resolve();
      },
    };
  }

  /** The call is over, or nobody answered it, whichever replica counted it. */
  release(call: AgentCall): void {
    this.#here.delete(call.callId);
    if (call.agent.limits?.calls !== undefined)
      this.#drop(keyOf(call), call.callId);
  }

  /** Another replica has the call, and counts it. */
  forget(callId: string): void {
    this.#here.delete(callId);
  }

  #countHere(key: string): number {
    return [...this.#here.values()].filter((one) => one.key === key).length;
  }

  async #add(
    key: string,
    id: string,
    limit: number,
    forMs: number,
    countHere: number,
  ): Promise<boolean> {
    let isIn = false;
    try {
      await this.#change(key, (counted, nowMs) => {
        isIn = counted.has(id) || counted.size < limit;
        if (isIn) counted.set(id, nowMs + forMs);
      });
      return isIn;
    } catch (error) {
      this.#deps.logger.warn(
        { err: error },
        "an agent's calls can't be counted over all replicas; those here are",
      );
      return countHere < limit;
    }
  }

  #renew(key: string): Promise<void> {
    return this.#changeQuietly(key, (counted, nowMs) => {
      for (const [callId, here] of this.#here)
        if (here.key === key) counted.set(callId, nowMs + LEASE_MS);
    });
  }

  #drop(key: string, id: string): void {
    void this.#changeQuietly(key, (counted) => counted.delete(id));
  }

  /** What cannot be written ends with its lease, or comes with the next renewal. */
  async #changeQuietly(
    key: string,
    change: (counted: Counted, nowMs: number) => void,
  ): Promise<void> {
    await this.#change(key, change).catch((error: unknown) => {
      this.#deps.logger.warn({ err: error }, "an agent's calls are not told");
    });
  }

  #change(
    key: string,
    change: (counted: Counted, nowMs: number) => void,
  ): Promise<void> {
    const before = this.#changing.get(key) ?? Promise.resolve();
    const changing = before
      .catch(() => undefined)
      .then(() => this.#changeNow(key, change))
      .finally(() => {
        if (this.#changing.get(key) === changing) this.#changing.delete(key);
      });
    this.#changing.set(key, changing);
    return changing;
  }

  async #changeNow(
    key: string,
    change: (counted: Counted, nowMs: number) => void,
  ): Promise<void> {
    const { versioned, clock } = this.#deps;
    for (let tries = 0; tries < TRIES; tries++) {
      const [before] = await versioned.read([key]);
      const nowMs = clock.now();
      const counted = read(before?.value, nowMs);
      change(counted, nowMs);
      const [written] = await versioned.write([
        [
          {
            key,
            expected: before?.version,
            version: randomUUID(),
            value: JSON.stringify(Object.fromEntries(counted)),
            ttlMs: Math.max(
              LEASE_MS,
              ...[...counted.values()].map((until) => until - nowMs),
            ),
          },
        ],
      ]);
      if (written === true) return;
    }
    throw new Error("An agent's calls change faster than they can be counted.");
  }
}

/** A line that is kept for a call which is being dialled. Nothing of it rejects. */
export interface HeldCall {
  /** The call has this id now. */
  dialled(callId: string): Promise<void>;
  /** It could not be dialled. */
  release(): Promise<void>;
}

const NOT_COUNTED: HeldCall = {
  dialled: () => Promise.resolve(),
  release: () => Promise.resolve(),
};

function read(value: string | undefined, nowMs: number): Counted {
  if (value === undefined) return new Map();
  const json: unknown = JSON.parse(value);
  return new Map(
    Object.entries(stored.parse(json)).filter(([, until]) => until > nowMs),
  );
}

function keyOf({ tenantId, agent }: Omit<AgentCall, "callId">): string {
  return `voice:agent-calls:${tenantId}:${agent.name}`;
}
