import {
  AgentCoreError,
  type TenantAgentCore,
} from "@easymo/agent-core-client";
import { detectOptOut } from "@easymo/opt-out-lexicon";
import { deriveEventId } from "@easymo/messaging";
import type { Clock, Logger } from "@easymo/service-kit";
import { z } from "zod";
import type { TurnMetrics } from "../metrics.js";
import { allowedAmounts } from "../money.js";
import { issuePayment, type IssuedPayment } from "../payment.js";
import type { TurnAnswer, TurnRequest } from "../turn-model.js";
import type { ToolCall } from "./response.js";
import { isTurnTool, toolArguments, type TurnToolName } from "./tools.js";

export interface ToolRunnerDeps {
  readonly core: TenantAgentCore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: TurnMetrics;
}

type Outcome = "ok" | "refused" | "failed";
type Arguments<T extends TurnToolName> = z.output<(typeof toolArguments)[T]>;

interface Ran {
  readonly outcome: Outcome;
  readonly output: object;
}

const MAX_ARGUMENTS_CHARACTERS = 8_192;
const MAX_OUTPUT_CHARACTERS = 8_192;

/** Runs the tools of one turn, and keeps what came of them. What goes wrong becomes an answer that the model can speak of. */
export class TurnTools {
  /** What the person wants, when a tool was told of it. */
  intent: TurnAnswer["intent"];
  payment: IssuedPayment | undefined;
  readonly #deps: ToolRunnerDeps;
  readonly #turn: TurnRequest;

  constructor(deps: ToolRunnerDeps, turn: TurnRequest) {
    this.#deps = deps;
    this.#turn = turn;
  }

  /** The tool's answer as JSON. Rejects only when the turn is given up. */
  async run(call: ToolCall, signal: AbortSignal): Promise<string> {
    const { clock, metrics } = this.#deps;
    const startedMs = clock.monotonicMs();
    const { outcome, output } = await this.#attempt(call, signal);
    const tool = isTurnTool(call.name) ? call.name : "unknown";
    metrics.toolCalls.inc({ tool, outcome });
    metrics.toolSeconds.observe(
      { tool },
      (clock.monotonicMs() - startedMs) / 1_000,
    );
    const json = JSON.stringify(output);
    return json.length <= MAX_OUTPUT_CHARACTERS
      ? json
      : JSON.stringify({
          error: "result_too_large",
          detail: `The tool answered more than ${MAX_OUTPUT_CHARACTERS} characters.`,
        });
  }

  async #attempt(call: ToolCall, signal: AbortSignal): Promise<Ran> {
    const { name, argumentsJson } = call;
    if (!isTurnTool(name) || !this.#isOffered(name))
      return refused("unknown_tool", `There is no tool ${name.slice(0, 60)}.`);
    if (argumentsJson.length > MAX_ARGUMENTS_CHARACTERS)
      return refused("invalid_arguments", "The arguments are too long.");
    try {
      const json: unknown = JSON.parse(argumentsJson || "{}");
      return await this.#run(name, json, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      if (error instanceof z.ZodError)
        return refused("invalid_arguments", z.prettifyError(error));
      if (error instanceof SyntaxError)
        return refused("invalid_arguments", "The arguments are not JSON.");
      this.#deps.logger.warn({ err: error, tool: name }, "a tool failed");
      if (!(error instanceof AgentCoreError))
        return failed("failed", "The tool failed.");
      const { status, code, detail } = error;
      return status !== undefined && status < 500
        ? refused(code, detail)
        : failed(code, detail);
    }
  }

  #isOffered(name: TurnToolName): boolean {
    return name === "request_call"
      ? this.#turn.canCall === true
      : this.#turn.agent.tools.includes(name);
  }

  #run(name: TurnToolName, json: unknown, signal: AbortSignal): Promise<Ran> {
    switch (name) {
      case "fetch_lead":
        return this.#fetchLead(signal);
      case "log_lead":
        return this.#logLead(toolArguments.log_lead.parse(json), signal);
      case "capture_intent":
        return Promise.resolve(
          this.#capture(toolArguments.capture_intent.parse(json)),
        );
      case "collect_payment":
        return this.#collect(toolArguments.collect_payment.parse(json), signal);
      case "warm_transfer":
        return Promise.resolve(
          this.#transfer(toolArguments.warm_transfer.parse(json)),
        );
      case "register_opt_out":
        return Promise.resolve(this.#optOut());
      case "request_call":
        this.intent = { name: "call", slots: {}, confidence: 1 };
        return Promise.resolve(ok({ calling: true }));
    }
  }

  async #fetchLead(signal: AbortSignal): Promise<Ran> {
    const who = personOf(this.#turn);
    if (who === undefined) return refused("unknown_person", "Nobody is known.");
    const { lead } = await this.#deps.core.fetchLead(who, { signal });
    if (lead === null) return ok({ lead: null });
    const { name, language, tags } = lead;
    return ok({ lead: { name, language, tags } });
  }

  async #logLead(
    { name, language, tags }: Arguments<"log_lead">,
    signal: AbortSignal,
  ): Promise<Ran> {
    const who = personOf(this.#turn);
    if (who === undefined) return refused("unknown_person", "Nobody is known.");
    const body = {
      ...who,
      source: "whatsapp",
      ...(name === null || name === "" ? {} : { name }),
      ...(language === null ? {} : { language }),
      ...(tags === null ? {} : { tags: tags.filter((tag) => tag !== "") }),
    };
    const { lead } = await this.#deps.core.logLead(body, {
      idempotencyKey: deriveEventId(
        "turn",
        this.#turn.key,
        "log_lead",
        JSON.stringify(body),
      ),
      signal,
    });
    return ok({ lead: { name: lead.name, tags: lead.tags } });
  }

  #capture(args: Arguments<"capture_intent">): Ran {
    const { name, confidence, ...said } = args;
    const slots = Object.fromEntries(
      Object.entries(said).filter(([, value]) => value !== null),
    );
    this.intent = { name, confidence, slots };
    return ok({ captured: true });
  }

  /** A payment is for a sum that a person or an offer named, whatever the model thinks. */
  async #collect(
    { amount }: Arguments<"collect_payment">,
    signal: AbortSignal,
  ): Promise<Ran> {
    if (!allowedAmounts(this.#turn).has(amount))
      return refused(
        "amount_not_agreed",
        "Neither the person nor an offer named this sum: ask the person how much they want to pay.",
      );
    const { core } = this.#deps;
    this.payment = await issuePayment(core, this.#turn, amount, signal);
    return ok({
      issued: true,
      note: "How to pay is added to your answer by itself. Do not repeat it.",
    });
  }

  #transfer({ reason }: Arguments<"warm_transfer">): Ran {
    const { transfer } = this.#turn.agent;
    this.intent = {
      name: "human",
      confidence: 1,
      slots: reason === null ? {} : { reason },
    };
    return transfer === undefined
      ? ok({ noted: true })
      : ok({
          handedOver: true,
          reachableAt: transfer.to,
          note: "A colleague writes to the person from here on. Say so, and nothing more.",
        });
  }

  /** What stops messages is the person's own words, read by the lexicon; never what a model makes of them. */
  #optOut(): Ran {
    const { phrases } = this.#turn.agent.optOut;
    return detectOptOut(this.#turn.text, { phrases }) === undefined
      ? refused(
          "not_said_clearly",
          "Tell the person that writing STOP ends all messages and calls.",
        )
      : ok({ optedOut: true });
  }
}

function personOf({ contact }: TurnRequest) {
  const { phone, userId } = contact;
  if (phone !== undefined)
    return { phone, ...(userId === undefined ? {} : { userId }) };
  return userId === undefined ? undefined : { userId };
}

function ok(output: object): Ran {
  return { outcome: "ok", output };
}

function refused(error: string, detail: string): Ran {
  return { outcome: "refused", output: { error, detail } };
}

function failed(error: string, detail: string): Ran {
  return { outcome: "failed", output: { error, detail } };
}
