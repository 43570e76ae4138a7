/** The database cannot be reached, or ended the connection; trying again later may succeed. */
export class DatabaseUnavailableError extends Error {
  override readonly name = "DatabaseUnavailableError";
  readonly code = "database_unavailable";
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const serializationFailure = "40001";
const deadlockDetected = "40P01";
const lockNotAvailable = "55P03";

/** The transaction was not to blame, and does the same again. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  return code === serializationFailure || code === deadlockDetected;
}

/** `lock_timeout` passed while waiting for someone else's transaction. */
export function isLockTimeout(error: unknown): boolean {
  return codeOf(error) === lockNotAvailable;
}

/** There is no connection, or it broke off, or the server is starting or stopping. */
export function isConnectionFailure(error: unknown): boolean {
  if (error instanceof DatabaseUnavailableError) return true;
  if (error instanceof AggregateError)
    return error.errors.some(isConnectionFailure);
  const code = codeOf(error);
  if (code !== undefined)
    return (
      /^(08...|57P0[1-4]|53300|58...)$/.test(code) ||
      /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST|ENET|ENOENT)/.test(
        code,
      )
    );
  // What pg itself says has no code.
  return (
    Error.isError(error) &&
    /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error|cannot use a pool after/i.test(
      error.message,
    )
  );
}

function codeOf(error: unknown): string | undefined {
  return Error.isError(error) &&
    "code" in error &&
    typeof error.code === "string"
    ? error.code
    : undefined;
}
