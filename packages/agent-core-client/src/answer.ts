import type { z } from "zod";
import { clientError } from "./errors.js";

/** No answer of the contract comes near it; whoever sends more is not agent-core. */
export const maxAnswerBytes = 4 * 1024 * 1024;

/** A success, in the shape of the contract. */
export function parseAnswer<T>(
  schema: z.ZodType<T>,
  body: unknown,
  status: number,
): T {
  if (body === undefined) throw clientError("not_json", { status });
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues
    .map((issue) => issue.path.join(".") || "the body")
    .join(", ");
  throw clientError("bad_answer", { status, detail: where });
}

/** The text as JSON; undefined when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
