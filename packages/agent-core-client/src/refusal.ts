import { z } from "zod";
import { AgentCoreError } from "./errors.js";

// RFC 9457, as far as it is used here. A server of the user's own may answer with less, or with something else.
const problemSchema = z.object({
  code: z.string().min(1).optional().catch(undefined),
  title: z.string().optional().catch(undefined),
  detail: z.string().optional().catch(undefined),
  errors: z
    .array(z.object({ field: z.string(), message: z.string() }))
    .optional()
    .catch(undefined),
});

// Too early, too many, and a server's own trouble pass; the rest stays wrong however often it is said.
const passingStatuses: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

/** Reads an answer that is not a success. Pure. */
export function refusalOf(answer: {
  status: number;
  body: unknown;
  retryAfter: string | null;
  nowMs: number;
}): AgentCoreError {
  const { status, body, retryAfter, nowMs } = answer;
  const problem = problemSchema.safeParse(body).data;
  const retryAfterMs = parseRetryAfterMs(retryAfter, nowMs);
  const inFlight = status === 409 && retryAfterMs !== undefined;
  return new AgentCoreError({
    code: problem?.code ?? "http_error",
    status,
    detail: problem?.detail ?? problem?.title ?? `HTTP status ${status}`,
    retryable: passingStatuses.includes(status) || inFlight,
    blamesServer: status >= 500,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(problem?.errors === undefined ? {} : { fields: problem.errors }),
  });
}

/** `Retry-After` in milliseconds: seconds or a date (RFC 9110 §10.2.3); undefined when absent or unreadable. */
export function parseRetryAfterMs(
  value: string | null,
  nowMs: number,
): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1_000;
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}
