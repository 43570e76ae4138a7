import { AgentCoreError, type ToolsApi } from "@easymo/agent-core-client";
import { toolNames, type ToolName } from "@easymo/routing";
import { deriveEventId } from "@easymo/messaging";
import type { Clock, Logger } from "@easymo/service-kit";
import { z } from "zod";
import type { CallEvents } from "../call/call-events.js";
import {
  isLanguage,
  type CallIdentity,
  type Language,
} from "../call/call-state.js";
import type { ToolOutcome } from "../call/tool-calls.js";
import { e164 } from "../registry/call-identity.js";
import { paymentWording } from "../payment/wording.js";
import { toolArguments } from "./definitions.js";

export interface ToolDeps {
  agentCore(identity: CallIdentity): ToolsApi;
  readonly events: CallEvents;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timeoutMs: number;
  observe(tool: string, outcome: ToolResultKind, seconds: number): void;
}

export type ToolResultKind = "ok" | "refused" | "failed" | "timed_out";

export interface ToolRequest {
  readonly identity: CallIdentity;
  readonly language: Language;
  readonly name: string;
  /** As the model wrote it. */
  readonly argumentsJson: string;
}

/** The model has no use for more, and pays for each token. */
const MAX_OUTPUT_CHARACTERS = 16_384;

/**
 * Runs a tool for the model. Never rejects and never takes longer than
 * `timeoutMs`: what goes wrong becomes an error that the model can speak of.
 */
export async function runTool(
  deps: ToolDeps,
  request: ToolRequest,
): Promise<ToolOutcome> {
  const startedMs = deps.clock.monotonicMs();
  const abort = new AbortController();
  const { promise: late, resolve } = Promise.withResolvers<Ran>();
  const timer = deps.clock.setTimeout(() => {
    abort.abort();
    resolve({
      kind: "timed_out",
      outcome: failure("timed_out", "The tool did not answer in time."),
    });
  }, deps.timeoutMs);
  const { kind, outcome } = await Promise.race([
    attempt(deps, request, abort.signal),
    late,
  ]);
  timer.cancel();
  const seconds = (deps.clock.monotonicMs() - startedMs) / 1000;
  deps.observe(
    isToolName(request.name) ? request.name : "unknown",
    kind,
    seconds,
  );
  return bounded(outcome);
}

interface Ran {
  readonly kind: ToolResultKind;
  readonly outcome: ToolOutcome;
}

async function attempt(
  deps: ToolDeps,
  request: ToolRequest,
  signal: AbortSignal,
): Promise<Ran> {
  const { identity, name } = request;
  if (!isToolName(name) || !identity.agent.tools.includes(name))
    return {
      kind: "refused",
      outcome: failure(
        "unknown_tool",
        `There is no tool ${name.slice(0, 60)}.`,
      ),
    };
  try {
    return { kind: "ok", outcome: await run(deps, request, name, signal) };
  } catch (error) {
    return failed(deps.logger, name, error);
  }
}

function failed(logger: Logger, tool: ToolName, error: unknown): Ran {
  if (error instanceof z.ZodError || error instanceof SyntaxError) {
    const detail =
      error instanceof z.ZodError
        ? z.prettifyError(error)
        : "The arguments are not JSON.";
    return { kind: "refused", outcome: failure("invalid_arguments", detail) };
  }
  logger.warn({ err: error, tool }, "tool failed");
  if (error instanceof AgentCoreError)
    return {
      kind:
        error.status !== undefined && error.status < 500 ? "refused" : "failed",
      outcome: failure(error.code, error.detail),
    };
  return { kind: "failed", outcome: failure("failed", "The tool failed.") };
}

function run(
  deps: ToolDeps,
  request: ToolRequest,
  name: ToolName,
  signal: AbortSignal,
): Promise<ToolOutcome> {
  const json: unknown = JSON.parse(request.argumentsJson || "{}");
  const context: ToolContext = {
    ...request,
    deps,
    core: deps.agentCore(request.identity),
    options: {
      idempotencyKey: deriveEventId(
        name,
        request.identity.callId,
        request.argumentsJson,
      ),
      signal,
    },
  };
  switch (name) {
    case "fetch_lead":
      return fetchLead(context);
    case "log_lead":
      return logLead(context, toolArguments.log_lead.parse(json));
    case "capture_intent":
      return captureIntent(context, toolArguments.capture_intent.parse(json));
    case "collect_payment":
      return collectPayment(context, toolArguments.collect_payment.parse(json));
    case "set_disposition":
      return setDisposition(context, toolArguments.set_disposition.parse(json));
    case "warm_transfer":
      return warmTransfer(context, toolArguments.warm_transfer.parse(json));
    case "register_opt_out":
      return registerOptOut(toolArguments.register_opt_out.parse(json));
  }
}

interface ToolContext extends ToolRequest {
  readonly deps: ToolDeps;
  readonly core: ToolsApi;
  readonly options: { idempotencyKey: string; signal: AbortSignal };
}

type Arguments<T extends ToolName> = z.infer<(typeof toolArguments)[T]>;

async function fetchLead({
  core,
  identity,
  options,
}: ToolContext): Promise<ToolOutcome> {
  if (identity.person === undefined) return withheld();
  const { lead } = await core.fetchLead(
    { phone: identity.person },
    { signal: options.signal },
  );
  return output(
    lead === null
      ? { lead: null }
      : {
          lead: {
            name: lead.name,
            language: lead.language,
            tags: lead.tags,
            optedOut: lead.optedOut,
          },
        },
  );
}

async function logLead(
  { core, identity, options }: ToolContext,
  args: Arguments<"log_lead">,
): Promise<ToolOutcome> {
  if (identity.person === undefined) return withheld();
  const { name, language, tags } = args;
  const { lead } = await core.logLead(
    {
      phone: identity.person,
      source: "voice",
      ...(name === undefined ? {} : { name }),
      ...(isLanguage(language) ? { language } : {}),
      ...(tags === undefined ? {} : { tags }),
    },
    options,
  );
  return output({ lead: { name: lead.name, tags: lead.tags } });
}

function captureIntent(
  { deps, identity, language, options }: ToolContext,
  args: Arguments<"capture_intent">,
): Promise<ToolOutcome> {
  const intentId = options.idempotencyKey;
  deps.events.intentCaptured(identity, {
    intentId,
    name: args.name,
    confidence: args.confidence,
    slots: args.slots,
    language: args.language ?? language,
  });
  return Promise.resolve(output({ captured: true, intentId }));
}

async function collectPayment(
  { core, identity, language, options }: ToolContext,
  args: Arguments<"collect_payment">,
): Promise<ToolOutcome> {
  const { region, currency, merchant } = identity.agent.payment;
  const spokenIn = isLanguage(args.language) ? args.language : language;
  const payment = await core.collectPayment(
    {
      callId: identity.callId,
      ...(identity.person === undefined ? {} : { phone: identity.person }),
      region,
      amount: args.amount,
      currency,
      ...(merchant === undefined ? {} : { merchant }),
    },
    options,
  );
  const { paymentId, method, ussd, url, instructions } = payment;
  return {
    kind: "payment",
    output: JSON.stringify({
      paymentId,
      method,
      note: "The caller is being told how to pay. Don't repeat the code.",
    }),
    prompt: {
      paymentId,
      method,
      region,
      amount: args.amount,
      currency,
      ussd,
      url,
      language: spokenIn,
      spoken: paymentWording(
        { method, amount: args.amount, currency, ussd, instructions },
        spokenIn,
      ),
      attempts: 0,
    },
  };
}

async function setDisposition(
  { core, identity, options }: ToolContext,
  args: Arguments<"set_disposition">,
): Promise<ToolOutcome> {
  const { code, notes } = args;
  await core.setDisposition(
    {
      callId: identity.callId,
      code,
      ...(notes === undefined ? {} : { notes }),
    },
    options,
  );
  return output({ noted: code });
}

async function warmTransfer(
  { core, identity, options }: ToolContext,
  args: Arguments<"warm_transfer">,
): Promise<ToolOutcome> {
  const { transfer } = identity.agent;
  const reason = args.reason ?? "the caller asked for a person";
  if (transfer === undefined)
    return failure("no_transfer", "There is nobody to hand the caller to.");
  const target = await core
    .warmTransfer({ callId: identity.callId, queue: transfer.queue }, options)
    .catch(() => transfer);
  return {
    kind: "transfer",
    output: JSON.stringify({ transferring: true, queue: target.queue }),
    // The routing document's own number, when agent-core knows none.
    to: e164(target.to) ?? transfer.to,
    queue: target.queue,
    reason,
  };
}

function registerOptOut(
  args: Arguments<"register_opt_out">,
): Promise<ToolOutcome> {
  return Promise.resolve({
    kind: "opt_out",
    output: JSON.stringify({ optedOut: true }),
    phrase: args.reason ?? "register_opt_out",
    ...(args.language === undefined ? {} : { language: args.language }),
  });
}

function isToolName(name: string): name is ToolName {
  return toolNames.some((known) => known === name);
}

function output(value: object): ToolOutcome {
  return { kind: "output", output: JSON.stringify(value) };
}

function failure(code: string, detail: string): ToolOutcome {
  return output({ error: code, detail });
}

function withheld(): ToolOutcome {
  return failure("number_withheld", "The caller's number is not known.");
}

function bounded(outcome: ToolOutcome): ToolOutcome {
  if (outcome.output.length <= MAX_OUTPUT_CHARACTERS) return outcome;
  return {
    ...outcome,
    output: JSON.stringify({
      error: "result_too_large",
      detail: `The tool answered ${outcome.output.length} characters; at most ${MAX_OUTPUT_CHARACTERS} can be used.`,
    }),
  };
}
