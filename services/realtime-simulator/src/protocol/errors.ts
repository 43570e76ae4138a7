/** What an `error` event, or a failed transcription, says went wrong. */
export interface ErrorDetails {
  readonly type: "invalid_request_error" | "server_error";
  readonly code: string | null;
  readonly message: string;
  readonly param: string | null;
}

/** A client event that the protocol does not allow: answered by an `error` event, the session goes on. */
export class ProtocolError extends Error {
  readonly details: ErrorDetails;

  constructor(
    code: string | null,
    message: string,
    param: string | null = null,
  ) {
    super(message);
    this.name = "ProtocolError";
    this.details = { type: "invalid_request_error", code, message, param };
  }
}

/** Names as the protocol lists them in its messages: `'a', 'b', and 'c'`. */
export function listValues(values: readonly string[]): string {
  const quoted = values.map((value) => `'${value}'`);
  if (quoted.length < 3) {
    return quoted.join(" and ");
  }
  return `${quoted.slice(0, -1).join(", ")}, and ${quoted.at(-1) ?? ""}`;
}
