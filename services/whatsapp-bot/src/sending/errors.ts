/** Why a message was not sent. The codes are stable; what Meta refused has Meta's own code. */
export class SendError extends Error {
  override readonly name = "SendError";
  readonly code: string;
  /** False: the record goes to the dead letters at once. */
  readonly retryable: boolean;

  constructor(
    code: string,
    detail: string,
    options: { retryable: boolean; cause?: unknown },
  ) {
    super(
      `${code}: ${detail}`,
      options.cause === undefined ? {} : { cause: options.cause },
    );
    this.code = code;
    this.retryable = options.retryable;
  }
}

/** The person may not be written to now, and the agent has no template. */
export function windowClosed(): SendError {
  return new SendError(
    "window_closed",
    "the person has not written for 24 hours, and the agent has no template (whatsapp.template in the routing document)",
    { retryable: false },
  );
}

/** The person may not be written to now, and the agent's template has a variable that nothing is known for. */
export function templateUnfilled(): SendError {
  return new SendError(
    "window_closed",
    "the person has not written for 24 hours, and a variable of the agent's template has neither a value nor words for when there is none ({name|friend})",
    { retryable: false },
  );
}

export function unknownChannel(): SendError {
  return new SendError(
    "unknown_channel",
    "the tenant has no such WhatsApp channel in the routing document",
    { retryable: false },
  );
}

/** Somebody else is sending it; their lease ends, or it is sent. */
export function inFlight(): SendError {
  return new SendError("in_flight", "another replica is sending it", {
    retryable: true,
  });
}
