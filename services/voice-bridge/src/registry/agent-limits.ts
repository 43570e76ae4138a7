import type { AgentTokens } from "@easymo/routing";
import type { Clock, Counter, Logger } from "@easymo/service-kit";
import type { ModelUsage } from "../model/model-events.js";
import type {
  AgentCall,
  AgentCalls,
  HeldCall,
} from "../replicas/agent-calls.js";

/** Which of an agent's limits stands against a call. */
export type MetLimit = "calls" | "tokens_per_day";

export interface AgentLimitsDeps {
  readonly calls: AgentCalls;
  readonly tokens: AgentTokens;
  readonly reached: Counter<"limit">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A carrier lets a phone ring for a minute; its word that nobody answered may be late. */
const RINGING_MS = 120_000;
const DAY_SECONDS = 86_400;

/** What an agent may still do for a tenant. Nothing here rejects: a store that is away refuses no caller. */
export class AgentLimits {
  readonly #deps: AgentLimitsDeps;

  constructor(deps: AgentLimitsDeps) {
    this.#deps = deps;
  }

  /** Counts the call in; or tells which limit stands against it. */
  async admit(call: AgentCall): Promise<MetLimit | undefined> {
    if (await this.#isSpent(call)) return this.#met("tokens_per_day", call);
    if (!(await this.#deps.calls.take(call))) return this.#met("calls", call);
    return undefined;
  }

  /** The same for a call that is about to be dialled. */
  async hold(
    call: Omit<AgentCall, "callId">,
  ): Promise<{ held: HeldCall } | { met: MetLimit }> {
    if (await this.#isSpent(call))
      return { met: this.#met("tokens_per_day", call) };
    const held = await this.#deps.calls.hold(call, RINGING_MS);
    return held === undefined ? { met: this.#met("calls", call) } : { held };
  }

  /** A call whose stream came here: counted in already, by whoever answered its webhook. */
  async adopt(call: AgentCall): Promise<boolean> {
    const isCounted = await this.#deps.calls.take(call);
    if (!isCounted) this.#met("calls", call);
    return isCounted;
  }

  /** The call is over, or nobody answered it. */
  release(call: AgentCall): void {
    this.#deps.calls.release(call);
  }

  /** Tokens that a call of the agent's took. */
  used({ tenantId, agent }: AgentCall, usage: ModelUsage): void {
    // Cached ones are among those of the input.
    const { input_cached: _cached, ...kinds } = usage;
    const tokens = Object.values(kinds).reduce((sum, one) => sum + one, 0);
    this.#deps.tokens
      .spend(tenantId, agent.name, tokens)
      .catch((error: unknown) => {
        this.#deps.logger.warn(
          { err: error },
          "tokens are not counted yet; they are with the next",
        );
      });
  }

  /** Until the tokens of another day. */
  secondsLeftToday(): number {
    return (
      DAY_SECONDS - (Math.floor(this.#deps.clock.now() / 1_000) % DAY_SECONDS)
    );
  }

  async #isSpent(call: Omit<AgentCall, "callId">): Promise<boolean> {
    try {
      return (await this.#deps.tokens.left(call.tenantId, call.agent)) <= 0;
    } catch (error) {
      this.#deps.logger.warn(
        { err: error },
        "what the agent used today is not known; the call is taken",
      );
      return false;
    }
  }

  #met<L extends MetLimit>(limit: L, call: Omit<AgentCall, "callId">): L {
    const { reached, logger } = this.#deps;
    reached.inc({ limit });
    logger.warn(
      { limit, agent: call.agent.name, tenantId: call.tenantId },
      "a limit of the agent is met; the call is not taken",
    );
    return limit;
  }
}
