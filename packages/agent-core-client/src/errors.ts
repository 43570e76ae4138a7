/** One field of a request that the server refused. */
export interface RefusedField {
  readonly field: string;
  readonly message: string;
}

/**
 * What can go wrong on this side of the wire. A refusal by the server carries the server's own code instead
 * (`unknown_call`, `wrong_tenant`, …), or `http_error` when it gave none.
 */
const clientErrors = {
  timeout: {
    retryable: true,
    blamesServer: true,
    message: "agent-core did not answer in time",
  },
  unreachable: {
    retryable: true,
    blamesServer: true,
    message: "agent-core could not be reached",
  },
  not_json: {
    retryable: true,
    blamesServer: true,
    message: "agent-core answered with something that is not JSON",
  },
  bad_answer: {
    retryable: false,
    blamesServer: false,
    message:
      "agent-core's answer has another shape than the contract's; check AGENT_CORE_URL and its version",
  },
  circuit_open: {
    retryable: true,
    blamesServer: false,
    message:
      "agent-core failed several times in a row and is left alone for a moment",
  },
  aborted: {
    retryable: false,
    blamesServer: false,
    message: "the caller gave the request up",
  },
  closed: {
    retryable: false,
    blamesServer: false,
    message: "the client is closed",
  },
} as const;

/** A code that this client gives; the server's own codes are any other text. */
export type ClientErrorCode = keyof typeof clientErrors;

interface AgentCoreErrorSpec {
  readonly code: string;
  readonly detail: string;
  readonly retryable: boolean;
  readonly blamesServer: boolean;
  readonly status?: number;
  readonly retryAfterMs?: number;
  readonly fields?: readonly RefusedField[];
  readonly cause?: unknown;
}

/** A call to agent-core that did not succeed. */
export class AgentCoreError extends Error {
  override readonly name = "AgentCoreError";
  /** Stable: a {@link ClientErrorCode}, the server's own code, or `http_error`. */
  readonly code: string;
  /** The HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;
  /** Whether the same request may succeed later. The client has already tried again where that was safe. */
  readonly retryable: boolean;
  readonly detail: string;
  /** How long the server asked to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** The fields that the server named, when it refused the request's content. */
  readonly fields: readonly RefusedField[];
  /** Whether it counts as a failure of the server (for the circuit breaker). */
  readonly blamesServer: boolean;

  constructor(spec: AgentCoreErrorSpec) {
    super(
      `${spec.code}: ${spec.detail}`,
      spec.cause === undefined ? {} : { cause: spec.cause },
    );
    this.code = spec.code;
    this.status = spec.status;
    this.retryable = spec.retryable;
    this.detail = spec.detail;
    this.retryAfterMs = spec.retryAfterMs;
    this.fields = spec.fields ?? [];
    this.blamesServer = spec.blamesServer;
  }
}

/** An error of this side of the wire. */
export function clientError(
  code: ClientErrorCode,
  extra: { detail?: string; status?: number; cause?: unknown } = {},
): AgentCoreError {
  const { message, retryable, blamesServer } = clientErrors[code];
  return new AgentCoreError({
    code,
    retryable,
    blamesServer,
    detail:
      extra.detail === undefined ? message : `${message}: ${extra.detail}`,
    ...(extra.status === undefined ? {} : { status: extra.status }),
    ...(extra.cause === undefined ? {} : { cause: extra.cause }),
  });
}
