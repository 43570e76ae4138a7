import { type FieldError, Problem } from "@easymo/service-kit";

/** Every refusal of this service, besides those that all services have alike. */
export const problems = {
  unauthorized: {
    status: 401,
    title: "A valid bearer token is needed",
    retryable: false,
  },
  wrong_tenant: {
    status: 403,
    title: "That belongs to another tenant",
    retryable: false,
  },
  unknown_lead: {
    status: 404,
    title: "There is no such lead",
    retryable: false,
  },
  unknown_call: {
    status: 404,
    title: "There is no such call",
    retryable: false,
  },
  unknown_handover: {
    status: 404,
    title: "There is no such handover",
    retryable: false,
  },
  call_conflict: {
    status: 409,
    title: "The call is recorded otherwise",
    retryable: false,
  },
  unknown_buyer: {
    status: 404,
    title: "There is no such buyer",
    retryable: false,
  },
  unknown_vendor: {
    status: 404,
    title: "There is no such vendor",
    retryable: false,
  },
  unknown_account: {
    status: 404,
    title: "There is no such account",
    retryable: false,
  },
  unknown_reservation: {
    status: 404,
    title: "There is no such reservation",
    retryable: false,
  },
  intent_conflict: {
    status: 409,
    title: "The intent is another buyer's",
    retryable: false,
  },
  purchase_conflict: {
    status: 409,
    title: "The reservation is not for this purchase",
    retryable: false,
  },
  insufficient_funds: {
    status: 409,
    title: "The account does not have that much to spend",
    retryable: false,
  },
  reservation_closed: {
    status: 409,
    title: "The reservation was captured or released before",
    retryable: false,
  },
  reservation_expired: {
    status: 409,
    title: "The reservation has expired",
    retryable: false,
  },
  currency_mismatch: {
    status: 422,
    title: "The account is kept in another currency",
    retryable: false,
  },
  amount_too_large: {
    status: 422,
    title: "The account cannot hold that much",
    retryable: false,
  },
  idempotency_in_flight: {
    status: 409,
    title: "The first request with this key is still being worked on",
    retryable: true,
  },
  idempotency_mismatch: {
    status: 422,
    title: "This key came with another request before",
    retryable: false,
  },
  currency_not_supported: {
    status: 422,
    title: "The region's way to pay does not take this currency",
    retryable: false,
  },
  busy: {
    status: 503,
    title: "Too much is going on around this person or call",
    retryable: true,
  },
  database_unavailable: {
    status: 503,
    title: "The database does not answer",
    retryable: true,
  },
} as const;

/** The stable code of a refusal. */
export type ProblemCode = keyof typeof problems;

/** A refusal, with what happened this time and what to do. */
export function refusal(
  code: ProblemCode,
  detail: string,
  extra: {
    field?: string;
    headers?: Readonly<Record<string, string>>;
    cause?: unknown;
  } = {},
): Problem {
  const errors: readonly FieldError[] =
    extra.field === undefined ? [] : [{ field: extra.field, message: detail }];
  return new Problem(
    {
      ...problems[code],
      code,
      detail,
      ...(extra.headers === undefined ? {} : { headers: extra.headers }),
      ...(errors.length === 0 ? {} : { extra: { errors } }),
    },
    extra.cause === undefined ? undefined : { cause: extra.cause },
  );
}

/** A field that is not as it should be, where zod is not the one to find out. */
export function invalidField(field: string, message: string): Problem {
  return new Problem({
    status: 400,
    code: "invalid_request",
    title: "The request is not valid",
    detail: `${field}: ${message}`,
    extra: { errors: [{ field, message }] },
    retryable: false,
  });
}
