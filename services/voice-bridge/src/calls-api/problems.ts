import { Problem } from "@easymo/service-kit";
import { CarrierError } from "../telephony/carrier.js";

/** What the calls API answers when something stands against a request. */

export function carrierProblem(error: unknown): Problem {
  const refused = error instanceof CarrierError && error.refused;
  return new Problem(
    {
      status: refused ? 502 : 503,
      code: refused ? "carrier_refused" : "carrier_unavailable",
      title: refused
        ? "The carrier refused the call"
        : "The carrier can't be reached",
      detail: error instanceof Error ? error.message : undefined,
      retryable: !refused,
      ...(refused ? {} : { headers: { "retry-after": "5" } }),
    },
    { cause: error },
  );
}

export function unavailable(
  code: string,
  detail: string,
  cause?: unknown,
  retryAfterSeconds = 5,
): Problem {
  return new Problem(
    {
      status: 503,
      code,
      title: "The call can't be made now",
      detail,
      headers: { "retry-after": String(retryAfterSeconds) },
      retryable: true,
    },
    cause === undefined ? undefined : { cause },
  );
}

export function invalid(field: string, message: string): Problem {
  return new Problem({
    status: 400,
    code: "invalid_request",
    title: "The request is not valid",
    detail: `${field}: ${message}`,
    extra: { errors: [{ field, message }] },
  });
}
