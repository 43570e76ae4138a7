/** What the API server, or the way to it, refused. */
export class KubernetesError extends Error {
  override readonly name = "KubernetesError";
  /** HTTP's status; undefined when there was no answer. */
  readonly status: number | undefined;
  /** Kubernetes' own word for it: NotFound, Conflict, Expired, Forbidden, … */
  readonly reason: string | undefined;
  /** How long the API server asked to wait before the next try. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    facts: {
      readonly status?: number | undefined;
      readonly reason?: string | undefined;
      readonly retryAfterMs?: number | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: facts.cause });
    this.status = facts.status;
    this.reason = facts.reason;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** The object changed, or came, or went since it was read: read it again. */
export function isConflict(error: unknown): boolean {
  return error instanceof KubernetesError && error.status === 409;
}

/** There is no such object, or no such kind of object. */
export function isNotFound(error: unknown): boolean {
  return error instanceof KubernetesError && error.status === 404;
}

/** What was asked for is older than what the API server remembers: list again. */
export function isExpired(error: unknown): boolean {
  return error instanceof KubernetesError && error.status === 410;
}

/** Another replica leads, or may: nothing outside is written any more. */
export class NotLeaderError extends Error {
  override readonly name = "NotLeaderError";
  constructor() {
    super("This replica does not lead: what it was about to write is not.");
  }
}
