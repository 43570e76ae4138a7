import type { Clock } from "@easymo/service-kit";
import { readJson } from "./answer.js";
import { clientError } from "./errors.js";

/** One HTTP request, ready to be sent. */
export interface Exchange {
  readonly url: string;
  readonly method: "GET" | "POST" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  /** Undefined when it is not JSON. */
  readonly body: unknown;
  readonly retryAfter: string | null;
}

/**
 * Sends a request once and reads its answer to the end, both within `timeoutMs`.
 *
 * @throws {AgentCoreError} `timeout`, `unreachable` or `aborted`
 */
export async function exchange(
  request: Exchange,
  deps: { fetch: typeof fetch; clock: Clock },
): Promise<Answer> {
  const timeout = new AbortController();
  const timer = deps.clock.setTimeout(() => timeout.abort(), request.timeoutMs);
  try {
    const response = await deps.fetch(request.url, {
      method: request.method,
      headers: request.headers,
      ...(request.body === undefined ? {} : { body: request.body }),
      // A redirect would take the tenant's token somewhere else.
      redirect: "manual",
      signal: AbortSignal.any([timeout.signal, request.signal]),
    });
    return {
      status: response.status,
      body: await readJson(response),
      retryAfter: response.headers.get("retry-after"),
    };
  } catch (error) {
    if (request.signal.aborted) throw clientError("aborted", { cause: error });
    if (timeout.signal.aborted) throw clientError("timeout", { cause: error });
    throw clientError("unreachable", { detail: reasonOf(error), cause: error });
  } finally {
    timer.cancel();
  }
}

/** fetch says no more than "fetch failed"; what happened is its cause. */
function reasonOf(error: unknown): string {
  const cause = Error.isError(error) ? (error.cause ?? error) : error;
  if (!Error.isError(cause)) return String(cause);
  const code = "code" in cause ? String(cause.code) : undefined;
  return code ?? cause.message;
}
