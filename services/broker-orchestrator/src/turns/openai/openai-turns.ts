import type { AgentCoreClient } from "@easymo/agent-core-client";
import type { AgentTokens } from "@easymo/routing";
import type { Clock, Logger } from "@easymo/service-kit";
import OpenAI from "openai";
import type { TurnMetrics } from "../metrics.js";
import type { HeldTokens, TokenBudget } from "../token-budget.js";
import type { TurnAnswer, TurnModel, TurnRequest } from "../turn-model.js";
import { boundedFetch } from "./bounded-fetch.js";
import { ModelTurn, type ModelRequest } from "./model-turn.js";
import {
  ModelAnswerError,
  readResponse,
  type ModelOutput,
  type Usage,
} from "./response.js";
import { TurnTools } from "./tool-runner.js";

export interface OpenAiTurnsDeps {
  readonly apiKey: string;
  /** With `/v1`. */
  readonly baseUrl: string;
  readonly model: string;
  readonly agentCore: AgentCoreClient;
  readonly budget: TokenBudget;
  /** The agent's, for everybody who writes or calls. */
  readonly agentTokens: AgentTokens;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: TurnMetrics;
  /** For the whole turn, tools and retries included. Default: 22,000. */
  readonly timeoutMs?: number;
}

/** Nothing of the person's day, or of the agent's, is left for the model. */
export class OverBudgetError extends Error {
  override readonly name = "OverBudgetError";
  readonly whose: "person" | "agent";

  constructor(whose: "person" | "agent") {
    super(`No tokens are left of the ${whose}'s day.`);
    this.whose = whose;
  }
}

/** The model and its tools took too long. */
export class TurnTimeoutError extends Error {
  override readonly name = "TurnTimeoutError";
}

/** Leaves rules the time to answer instead, within the half minute that a turn may take. */
const DEFAULT_TIMEOUT_MS = 22_000;
const REQUEST_TIMEOUT_MS = 18_000;
const MAX_RETRIES = 1;
/** Thinking included. */
const MAX_OUTPUT_TOKENS = 4_000;
/** With less than this left an answer would be cut short. */
const MIN_OUTPUT_TOKENS = 400;
const CHARACTERS_PER_TOKEN = 4;
const MAX_ANSWER_BYTES = 1_024 * 1_024;

/** Answers turns with a model of OpenAI's, through the Responses API. Rejects when there is no answer that may be used. */
export class OpenAiTurns implements TurnModel {
  readonly #deps: OpenAiTurnsDeps;
  readonly #client: OpenAI;

  constructor(deps: OpenAiTurnsDeps) {
    this.#deps = deps;
    this.#client = new OpenAI({
      apiKey: deps.apiKey,
      baseURL: deps.baseUrl,
      timeout: REQUEST_TIMEOUT_MS,
      maxRetries: MAX_RETRIES,
      fetch: boundedFetch(MAX_ANSWER_BYTES),
      // What people write is in no log.
      logLevel: "off",
    });
  }

  /** Rejects with OverBudgetError, ModelAnswerError, or what the API's client rejects with. */
  async answer(turn: TurnRequest, signal: AbortSignal): Promise<TurnAnswer> {
    const { agentCore, clock, timeoutMs = DEFAULT_TIMEOUT_MS } = this.#deps;
    const late = new AbortController();
    const timer = clock.setTimeout(
      () => late.abort(new TurnTimeoutError(`Not within ${timeoutMs} ms.`)),
      timeoutMs,
    );
    const tools = new TurnTools(
      { ...this.#deps, core: agentCore.forTenant(turn.tenantId) },
      turn,
    );
    const either = AbortSignal.any([signal, late.signal]);
    const conversation = new ModelTurn(turn, tools, (request) =>
      this.#respond(turn, request, either),
    );
    try {
      return await conversation.answer(either);
    } catch (error) {
      // A payment that was issued is told, whatever became of the words around it.
      if (tools.payment === undefined || signal.aborted) throw error;
      this.#deps.logger.warn({ err: error }, "a turn ended after its payment");
      return conversation.finish("", "rules");
    } finally {
      timer.cancel();
    }
  }

  async #respond(
    turn: TurnRequest,
    asked: ModelRequest,
    signal: AbortSignal,
  ): Promise<ModelOutput> {
    const { metrics, model } = this.#deps;
    const estimated = Math.ceil(
      JSON.stringify(asked).length / CHARACTERS_PER_TOKEN,
    );
    const held = await this.#hold(turn, estimated);
    const request = { ...asked, model, max_output_tokens: held.outputTokens };
    let usage: Usage = { inputTokens: estimated, outputTokens: 0 };
    try {
      const body = await orAborted(
        this.#client.responses.create(request, { signal }),
        signal,
      );
      const output = readResponse(body);
      usage = output.usage ?? usage;
      return { ...output, usage };
    } catch (error) {
      // Refused at the door: nothing was used.
      if (error instanceof OpenAI.APIError && error.status !== undefined)
        usage = { inputTokens: 0, outputTokens: 0 };
      const isKnown =
        signal.aborted ||
        error instanceof OpenAI.OpenAIError ||
        error instanceof ModelAnswerError;
      if (isKnown) throw error;
      // The client itself stumbled over what came.
      throw new ModelAnswerError("malformed", String(error));
    } finally {
      metrics.tokens.inc({ kind: "text_input" }, usage.inputTokens);
      metrics.tokens.inc({ kind: "text_output" }, usage.outputTokens);
      const tokens = usage.inputTokens + usage.outputTokens;
      await this.#settle(turn, held, tokens);
    }
  }

  /** Of the agent, what cannot be written now is written with the next turn's; of the person, as much as was held is gone. */
  async #settle(
    { tenantId, agent }: TurnRequest,
    held: HeldTokens,
    tokens: number,
  ): Promise<void> {
    const { agentTokens, budget, logger } = this.#deps;
    const notCounted = (error: unknown): void => {
      logger.warn(
        { err: error },
        "a turn's tokens are not counted as they are",
      );
    };
    await Promise.all([
      budget.settle(held, tokens).catch(notCounted),
      agentTokens.spend(tenantId, agent.name, tokens).catch(notCounted),
    ]);
  }

  /** Holds what the answer may take, when asking takes `inputTokens`. */
  async #hold(turn: TurnRequest, inputTokens: number): Promise<HeldTokens> {
    const { budget, agentTokens } = this.#deps;
    const ofAgent = await agentTokens.left(turn.tenantId, turn.agent);
    const left = ofAgent - inputTokens;
    if (left < MIN_OUTPUT_TOKENS) throw new OverBudgetError("agent");
    const held = await budget.hold(turn, {
      inputTokens,
      outputTokens: {
        least: MIN_OUTPUT_TOKENS,
        most: Math.min(MAX_OUTPUT_TOKENS, left),
      },
    });
    if (held === undefined) throw new OverBudgetError("person");
    return held;
  }
}

/** Rejects as soon as the signal is aborted, also where the client waits before it tries again. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => {
    reject(
      signal.reason instanceof Error ? signal.reason : new Error("Given up."),
    );
  };
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
