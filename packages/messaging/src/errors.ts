/** Why a record cannot be read; it will never become readable, so trying again is pointless. */
export type MalformedReason =
  | "missing_attribute"
  | "invalid_attribute"
  | "unsupported_version"
  | "unknown_type"
  | "too_large"
  | "invalid_json"
  | "invalid_data";

/** A base for everything that this package throws: a stable code, and whether the same call may succeed later. */
export class MessagingError extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(
    code: string,
    message: string,
    options: { retryable: boolean; cause?: unknown },
  ) {
    super(
      message,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable;
  }
}

/** A record that is not an event of ours (poison). The message names the attribute or field, never its value. */
export class MalformedRecordError extends MessagingError {
  readonly reason: MalformedReason;

  constructor(reason: MalformedReason, detail: string) {
    super("malformed_record", `Malformed record (${reason}): ${detail}`, {
      retryable: false,
    });
    this.reason = reason;
  }
}

/** An event that its maker filled in wrongly. The message names the fields, never their values. */
export class InvalidEventError extends MessagingError {
  readonly problems: readonly { field: string; message: string }[];

  constructor(
    type: string,
    problems: readonly { field: string; message: string }[],
  ) {
    const list = problems.map((p) => `${p.field}: ${p.message}`).join("; ");
    super("invalid_event", `Event ${type} is not valid: ${list}`, {
      retryable: false,
    });
    this.problems = problems;
  }
}

export type PublishErrorCode =
  | "bus_closed"
  | "bus_unavailable"
  | "not_enough_replicas"
  | "topic_unknown"
  | "record_too_large"
  | "not_authorized"
  | "unacknowledged"
  | "publish_failed";

/**
 * Records that were not acknowledged. With `retryable` the same records may be published again; they may by then be in
 * the log already (the answer was lost), which is why consumers drop an id that they have handled.
 */
export class PublishError extends MessagingError {
  declare readonly code: PublishErrorCode;
  readonly topic: string;

  constructor(
    code: PublishErrorCode,
    topic: string,
    message: string,
    options: { retryable: boolean; cause?: unknown },
  ) {
    super(code, message, options);
    this.topic = topic;
  }
}

/** The brokers do not answer, or a subscription cannot go on. */
export class BusUnavailableError extends MessagingError {
  constructor(message: string, cause?: unknown) {
    super("bus_unavailable", message, { retryable: true, cause });
  }
}

/** The store does not answer within its time. Nothing is known about whether the command was carried out. */
export class StoreUnavailableError extends MessagingError {
  constructor(message: string, cause?: unknown) {
    super("store_unavailable", message, { retryable: true, cause });
  }
}

/** Settings that contradict each other; `problems` has the variable's name and what to do. */
export class SettingsError extends MessagingError {
  readonly problems: readonly { name: string; message: string }[];

  constructor(problems: readonly { name: string; message: string }[]) {
    const list = problems.map((p) => `${p.name}: ${p.message}`).join("; ");
    super("invalid_settings", list, { retryable: false });
    this.problems = problems;
  }
}
