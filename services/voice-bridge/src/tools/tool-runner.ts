import { AgentCoreError, type ToolsApi } from "@easymo/agent-core-client";
import { toolNames, type ToolName } from "@easymo/routing";
import { deriveEventId } from "@easymo/messaging";
import type { Clock, Logger } from "@easymo/service-kit";
import { z } from "zod";
import type { CallEvents } from "../call/call-events.js";
import type { CallIdentity } from "../call/call-state.js";
import type { Language } from "../call/language.js";
import type { ToolOutcome } from "../call/tool-calls.js";
import { performTool, type ToolContext } from "./agent-tools.js";
import { failure } from "./outcomes.js";

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
    identity: request.identity,
    language: request.language,
    events: deps.events,
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
  return performTool(context, name, json);
}

function isToolName(name: string): name is ToolName {
  return toolNames.some((known) => known === name);
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
