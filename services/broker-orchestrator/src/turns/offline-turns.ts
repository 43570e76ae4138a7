import {
  AgentCoreError,
  type AgentCoreClient,
} from "@easymo/agent-core-client";
import type { Logger } from "@easymo/service-kit";
import { decideTurn } from "./decide.js";
import { languageOfTurn } from "./language.js";
import { issuePayment, paymentWords } from "./payment.js";
import { phrases } from "./phrases.js";
import type { TurnAnswer, TurnModel, TurnRequest } from "./turn-model.js";

export interface OfflineTurnsDeps {
  readonly agentCore: AgentCoreClient;
  readonly logger: Logger;
}

/** Answers turns by rules alone: what is said is the same for the same turn. */
export class OfflineTurns implements TurnModel {
  readonly #deps: OfflineTurnsDeps;

  constructor(deps: OfflineTurnsDeps) {
    this.#deps = deps;
  }

  async answer(turn: TurnRequest, signal: AbortSignal): Promise<TurnAnswer> {
    const decision = decideTurn(turn);
    if (decision.kind === "say") {
      const { text, intent } = decision;
      return {
        text,
        by: "offline",
        ...(intent === undefined ? {} : { intent }),
      };
    }
    return this.#pay(turn, decision.amount, signal);
  }

  async #pay(
    turn: TurnRequest,
    amount: number,
    signal: AbortSignal,
  ): Promise<TurnAnswer> {
    const { agentCore, logger } = this.#deps;
    const language = languageOfTurn(turn);
    try {
      const core = agentCore.forTenant(turn.tenantId);
      const payment = await issuePayment(core, turn, amount, signal);
      const text = paymentWords(payment, language);
      return { text, payment, by: "offline" };
    } catch (error) {
      // Given up, not answered: whoever gave it up has the turn answered again.
      if (signal.aborted || !(error instanceof AgentCoreError)) throw error;
      logger.warn({ err: error }, "a payment could not be issued");
      return { text: phrases.failed[language](), by: "offline" };
    }
  }
}
