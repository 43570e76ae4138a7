import type { Clock } from "@easymo/service-kit";
import type { Connections } from "./connections.js";
import { clientError } from "./errors.js";
import { GiveUp } from "./give-up.js";

/** One HTTP request, ready to be sent. */
export interface Exchange {
  /** Behind the address that the connections are to. */
  readonly path: string;
  readonly method: "GET" | "POST" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  /** When nobody waits for it any more. */
  readonly giveUp: GiveUp;
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
  deps: { connections: Connections; clock: Clock },
): Promise<Answer> {
  const { timeoutMs } = request;
  const giveUp = new GiveUp();
  const time = { isOver: false };
  const timer = deps.clock.setTimeout(() => {
    time.isOver = true;
    giveUp.now();
  }, timeoutMs);
  const stop = (): void => giveUp.now();
  request.giveUp.listen(stop);
  try {
    // A redirect would take the tenant's token somewhere else: none is followed.
    return await deps.connections.send(request, giveUp);
  } catch (error) {
    if (request.giveUp.isOver) throw clientError("aborted", { cause: error });
    if (time.isOver) throw clientError("timeout", { cause: error });
    throw clientError("unreachable", { detail: reasonOf(error), cause: error });
  } finally {
    timer.cancel();
    request.giveUp.unlisten(stop);
  }
}

function reasonOf(error: unknown): string {
  if (!Error.isError(error)) return String(error);
  return "code" in error ? String(error.code) : error.message;
}
