import type { AgentCoreClient } from "@easymo/agent-core-client";
import type { KeyValueStore } from "@easymo/messaging";
import { detectOptIn, detectOptOut } from "@easymo/opt-out-lexicon";
import { AgentTokens } from "@easymo/routing";
import type { ServiceKit } from "@easymo/service-kit";
import OpenAI from "openai";
import { z } from "zod";
import { languageOfTurn } from "./language.js";
import { turnMetrics, type TurnMetrics } from "./metrics.js";
import { OfflineTurns } from "./offline-turns.js";
import {
  OpenAiTurns,
  OverBudgetError,
  TurnTimeoutError,
} from "./openai/openai-turns.js";
import { ModelAnswerError } from "./openai/response.js";
import { phrases } from "./phrases.js";
import { TokenBudget } from "./token-budget.js";
import type { TurnAnswer, TurnModel, TurnRequest } from "./turn-model.js";

/** The model that turns are answered with, where there is one. */
export interface OpenAiSettings {
  readonly apiKey: string;
  /** With `/v1`. */
  readonly baseUrl: string;
  readonly model: string;
  /** For one person and day (UTC), input and output together. */
  readonly tokensPerDay: number;
  /** For a whole turn. */
  readonly timeoutMs?: number;
}

export interface TurnModelDeps extends Pick<
  ServiceKit,
  "logger" | "metrics" | "clock"
> {
  readonly agentCore: AgentCoreClient;
  readonly keyValue: KeyValueStore;
  /** Absent: turns are answered by rules alone. */
  readonly openai?: OpenAiSettings | undefined;
}

/** How long an answer is remembered, so that a repeat of its turn is answered alike. */
const REMEMBERED_MS = 24 * 3_600_000;

const remembered = z.object({
  text: z.string(),
  intent: z
    .object({
      name: z.string(),
      slots: z.record(z.string(), z.unknown()),
      confidence: z.number(),
    })
    .exactOptional(),
  payment: z
    .object({
      paymentId: z.string(),
      method: z.enum(["momo_ussd", "payment_link", "manual"]),
      amount: z.number(),
      currency: z.string(),
      ussd: z.string().exactOptional(),
      url: z.string().exactOptional(),
    })
    .exactOptional(),
  usage: z
    .object({ inputTokens: z.number(), outputTokens: z.number() })
    .exactOptional(),
  by: z.enum(["model", "offline", "rules"]),
});

/**
 * Answers turns: consent by rules, everything else by the model when there is one and the person's day allows it, and by
 * rules when there is none or it fails. A turn's key is answered once: a repeat gets the same answer. An empty text means
 * that nothing is to be said.
 */
export function createTurnModel(deps: TurnModelDeps): TurnModel {
  const { openai, keyValue, clock } = deps;
  const metrics = turnMetrics(deps.metrics);
  const offline = new OfflineTurns(deps);
  const model =
    openai === undefined
      ? undefined
      : new OpenAiTurns({
          ...deps,
          ...openai,
          metrics,
          budget: new TokenBudget({
            keyValue,
            clock,
            tokensPerDay: openai.tokensPerDay,
          }),
          agentTokens: new AgentTokens({ keyValue, clock }),
        });
  return new Turns(deps, { offline, model, metrics });
}

class Turns implements TurnModel {
  readonly #deps: TurnModelDeps;
  readonly #offline: TurnModel;
  readonly #model: TurnModel | undefined;
  readonly #metrics: TurnMetrics;

  constructor(
    deps: TurnModelDeps,
    parts: {
      readonly offline: TurnModel;
      readonly model: TurnModel | undefined;
      readonly metrics: TurnMetrics;
    },
  ) {
    this.#deps = deps;
    this.#offline = parts.offline;
    this.#model = parts.model;
    this.#metrics = parts.metrics;
  }

  async answer(turn: TurnRequest, signal: AbortSignal): Promise<TurnAnswer> {
    // Who speaks of consent is answered by those who keep it, with one confirmation and nothing else.
    if (speaksOfConsent(turn)) return { text: "", by: "rules" };
    const { keyValue } = this.#deps;
    const key = `turns:answer:${turn.tenantId}:${turn.key}`;
    const before = await keyValue.get(key);
    if (before !== undefined) return readRemembered(before);
    const answer = await this.#answerAnew(turn, signal);
    const json = JSON.stringify(answer);
    const ours = await keyValue.setIfAbsent(key, json, {
      ttlMs: REMEMBERED_MS,
    });
    this.#metrics.turns.inc({ by: answer.by });
    return ours ? answer : readRemembered((await keyValue.get(key)) ?? json);
  }

  async #answerAnew(
    turn: TurnRequest,
    signal: AbortSignal,
  ): Promise<TurnAnswer> {
    if (this.#model === undefined) return this.#offline.answer(turn, signal);
    try {
      return await this.#model.answer(turn, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const reason = reasonOf(error);
      this.#metrics.fallbacks.inc({ reason });
      const answer = await this.#offline.answer(turn, signal);
      if (reason === "agent_over_budget") this.#limitMet(turn);
      if (!(error instanceof OverBudgetError)) {
        this.#deps.logger.warn(
          { err: error, reason },
          "the model did not answer a turn; rules do",
        );
        return answer;
      }
      const sorry = phrases.overBudget[languageOfTurn(turn)]();
      return { ...answer, text: `${sorry} ${answer.text}`, by: "rules" };
    }
  }

  #limitMet({ tenantId, agent }: TurnRequest): void {
    const limit = "tokens_per_day";
    this.#metrics.limits.inc({ limit });
    this.#deps.logger.warn(
      { limit, agent: agent.name, tenantId },
      "a limit of the agent is met; rules answer the turn",
    );
  }
}

function speaksOfConsent({ text, agent }: TurnRequest): boolean {
  const { phrases: own } = agent.optOut;
  return (
    detectOptOut(text, { phrases: own }) !== undefined ||
    detectOptIn(text) !== undefined
  );
}

function readRemembered(json: string): TurnAnswer {
  return remembered.parse(JSON.parse(json));
}

function reasonOf(error: unknown): string {
  if (error instanceof OverBudgetError)
    return error.whose === "agent" ? "agent_over_budget" : "over_budget";
  if (error instanceof ModelAnswerError) return error.code;
  if (error instanceof TurnTimeoutError) return "timeout";
  if (error instanceof OpenAI.APIConnectionTimeoutError) return "timeout";
  if (error instanceof OpenAI.APIConnectionError) return "unreachable";
  if (error instanceof OpenAI.APIError) return "refused";
  return "failed";
}
