import type { ClaimResult } from "@easymo/messaging";
import { Problem } from "@easymo/service-kit";

/** What became of an event that was sent. */
export type Outcome =
  | { readonly kind: "accepted"; readonly eventId: string }
  | { readonly kind: "replayed"; readonly eventId: string }
  | {
      readonly kind: RefusalKind;
      readonly problem: Problem;
    };

export type RefusalKind = "in_flight" | "mismatch" | "invalid" | "unavailable";

/** When to ask again: the first request is done within this, unless its instance died. */
const RETRY_AFTER_SECONDS = "1";

/** The answer to a claim that found the key taken. */
export function answerToTaken(
  claim: Exclude<ClaimResult, { outcome: "claimed" }>,
): Outcome {
  switch (claim.outcome) {
    case "done":
      return { kind: "replayed", eventId: claim.answer };
    case "in_flight":
      return { kind: "in_flight", problem: inFlight() };
    case "mismatch":
      return { kind: "mismatch", problem: mismatch() };
  }
}

export function inFlight(): Problem {
  return new Problem({
    status: 409,
    code: "request_in_flight",
    title: "The first request with this key is still being handled",
    headers: { "retry-after": RETRY_AFTER_SECONDS },
    retryable: true,
  });
}

export function mismatch(): Problem {
  return new Problem({
    status: 422,
    code: "idempotency_key_reused",
    title: "The key belongs to another body",
    detail: "Use a new key for a new event.",
    extra: {
      errors: [
        { field: "idempotencyKey", message: "was used with another body" },
      ],
    },
    retryable: false,
  });
}

/** Nothing was claimed, or it was given back: the retry starts afresh. */
export function unavailable(what: "kafka" | "redis", cause: unknown): Problem {
  return new Problem(
    {
      status: 503,
      code: `${what}_unavailable`,
      title: "The event cannot be kept just now",
      detail: "Nothing was accepted: send it again",
      headers: { "retry-after": RETRY_AFTER_SECONDS },
      retryable: true,
    },
    { cause },
  );
}
