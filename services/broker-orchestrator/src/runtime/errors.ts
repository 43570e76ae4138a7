type Reason = "unknown_tenant" | "from_the_future" | "too_large";

/** An event that is not for this platform at all; it goes to the dead letters at once. */
export class UnacceptableEventError extends Error {
  override readonly name = "UnacceptableEventError";
  readonly code: Reason;
  readonly retryable = false;

  constructor(code: Reason, detail: string) {
    super(`${code}: ${detail}`);
    this.code = code;
  }
}

/** The event's partition is another replica's now. */
export class HandedOverError extends Error {
  override readonly name = "HandedOverError";
  readonly retryable = true;

  constructor() {
    super("the partition is another replica's now");
  }
}
