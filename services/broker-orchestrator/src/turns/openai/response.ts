import { z } from "zod";

/** A tool that the model wants to have run. */
export interface ToolCall {
  readonly callId: string;
  readonly name: string;
  /** As the model wrote them. */
  readonly argumentsJson: string;
}

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** What came of one request to the model. */
export interface ModelOutput {
  readonly text: string;
  readonly refused: boolean;
  /** Cut short, because it became too long. */
  readonly cut: boolean;
  readonly calls: readonly ToolCall[];
  readonly usage: Usage | undefined;
}

/** An answer of the model's API that cannot be used. */
export class ModelAnswerError extends Error {
  override readonly name = "ModelAnswerError";
  readonly code: "malformed" | "failed" | "empty" | "made_up" | "too_long";

  constructor(code: ModelAnswerError["code"], detail: string) {
    super(`${code}: ${detail}`);
    this.code = code;
  }
}

/**
 * What the orchestrator reads of a response.
 * Source: https://platform.openai.com/docs/api-reference/responses/object
 */
const response = z.object({
  status: z.string().optional(),
  error: z.object({ code: z.string() }).nullish(),
  incomplete_details: z.object({ reason: z.string().optional() }).nullish(),
  output: z.array(z.looseObject({ type: z.string() })),
  usage: z
    .object({
      input_tokens: z.int().nonnegative(),
      output_tokens: z.int().nonnegative(),
    })
    .nullish(),
});

const message = z.object({
  content: z.array(
    z.object({
      type: z.string(),
      text: z.string().optional(),
      refusal: z.string().optional(),
    }),
  ),
});

const functionCall = z.object({
  call_id: z.string().min(1),
  name: z.string(),
  arguments: z.string(),
});

/** Reads a response. Throws ModelAnswerError. Pure. */
export function readResponse(body: unknown): ModelOutput {
  const parsed = response.safeParse(body);
  if (!parsed.success)
    throw new ModelAnswerError("malformed", z.prettifyError(parsed.error));
  const { status, error, incomplete_details, output, usage } = parsed.data;
  if (status === "failed" || status === "cancelled")
    throw new ModelAnswerError("failed", error?.code ?? status);
  const filtered = incomplete_details?.reason === "content_filter";
  const parts = output
    .filter(({ type }) => type === "message")
    .flatMap((item) => read(message, item).content);
  const calls = output
    .filter(({ type }) => type === "function_call")
    .map((item): ToolCall => {
      const call = read(functionCall, item);
      return {
        callId: call.call_id,
        name: call.name,
        argumentsJson: call.arguments,
      };
    });
  return {
    text: parts
      .filter(({ type }) => type === "output_text")
      .map(({ text = "" }) => text)
      .join("\n")
      .trim(),
    refused: filtered || parts.some(({ type }) => type === "refusal"),
    cut: status === "incomplete" && !filtered,
    // What was cut short is no call that anyone meant.
    calls: status === "incomplete" ? [] : calls,
    usage:
      usage === null || usage === undefined
        ? undefined
        : {
            inputTokens: usage.input_tokens,
            outputTokens: usage.output_tokens,
          },
  };
}

function read<T extends z.ZodType>(schema: T, item: unknown): z.output<T> {
  const parsed = schema.safeParse(item);
  if (parsed.success) return parsed.data;
  throw new ModelAnswerError("malformed", z.prettifyError(parsed.error));
}
