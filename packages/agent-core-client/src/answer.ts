import type { ReadableStream } from "node:stream/web";
import type { z } from "zod";
import { clientError } from "./errors.js";

// No answer of the contract comes near it; whoever sends more is not agent-core.
const maxAnswerBytes = 4 * 1024 * 1024;

/** The body as JSON; undefined when it is not JSON, or is larger than any answer of the contract. */
export async function readJson(response: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const stream: ReadableStream<Uint8Array> | null = response.body;
  for await (const chunk of stream ?? []) {
    bytes += chunk.byteLength;
    // Leaving the loop cancels the stream.
    if (bytes > maxAnswerBytes) return undefined;
    chunks.push(chunk);
  }
  return parseJson(Buffer.concat(chunks).toString("utf8"));
}

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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
