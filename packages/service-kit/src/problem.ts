import type { z } from "zod";

/** What a client is told, after RFC 9457. */
export interface ProblemSpec {
  readonly status: number;
  /** Stable, in snake_case: what programs compare. */
  readonly code: string;
  /** The same for every occurrence of the code. */
  readonly title: string;
  /** What happened this time, and what to do. */
  readonly detail?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the answer. */
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly retryable?: boolean;
}

/** Thrown by a handler; becomes the `application/problem+json` answer. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly retryable: boolean | undefined;

  constructor(spec: ProblemSpec, options?: ErrorOptions) {
    super(spec.detail ?? spec.title, options);
    this.name = "Problem";
    this.status = spec.status;
    this.code = spec.code;
    this.title = spec.title;
    this.detail = spec.detail;
    this.headers = spec.headers ?? {};
    this.extra = spec.extra ?? {};
    this.retryable = spec.retryable;
  }

  /** The body of the answer; the standard members win over `extra`. */
  toBody(instance?: string): Record<string, unknown> {
    return {
      ...this.extra,
      type: `urn:easymo:problem:${this.code}`,
      title: this.title,
      status: this.status,
      code: this.code,
      ...(this.detail === undefined ? {} : { detail: this.detail }),
      ...(instance === undefined ? {} : { instance }),
      ...(this.retryable === undefined ? {} : { retryable: this.retryable }),
    };
  }
}

/** One field of a request that is not as it should be. */
export interface FieldError {
  /** Dotted path, as in `items.0.price`; empty for the whole. */
  readonly field: string;
  readonly message: string;
}

/**
 * What came off the wire, checked.
 *
 * @throws {Problem} 400 `invalid_request` with `errors`, one per field
 */
export function validated<T>(
  schema: z.ZodType<T>,
  value: unknown,
  where: "body" | "query" | "params",
): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) {
    return parsed.data;
  }
  const errors = fieldErrors(parsed.error);
  const fields = errors.map(({ field }) => field || "(whole)").join(", ");
  throw new Problem({
    status: 400,
    code: "invalid_request",
    title: "The request is not valid",
    detail: `The ${where} is wrong in: ${fields}`,
    extra: { where, errors },
    retryable: false,
  });
}

/** The fields that a zod error complains of; unknown keys by their own name. */
export function fieldErrors(error: z.ZodError): FieldError[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    return issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({
          field: [...path, key].join("."),
          message: "is not known here",
        }))
      : [{ field: path.join("."), message: issue.message }];
  });
}
