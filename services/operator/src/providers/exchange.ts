import { ProviderError } from "./provider.js";

/** What a provider answered, read as far as it goes. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body as JSON; undefined when it is none. */
  readonly body: unknown;
}

export interface ExchangeOptions {
  /** As people know the provider. */
  readonly title: string;
  /** The `Authorization` header. */
  readonly authorization: string;
  readonly timeoutMs: number;
}

const longestRetryAfterMs = 3_600_000;

/** One request to a provider. Rejects with ProviderError when nobody answers in time. */
export async function exchange(
  options: ExchangeOptions,
  url: string,
  init: {
    method?: string;
    body?: string | URLSearchParams;
    headers?: Record<string, string>;
  },
  signal: AbortSignal,
): Promise<Answer> {
  const { title, authorization, timeoutMs } = options;
  try {
    const response = await fetch(url, {
      ...init,
      headers: { ...init.headers, authorization, accept: "application/json" },
      // The credentials are for this address and for no other.
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: jsonOf(text),
    };
  } catch (cause) {
    // Given up by who asked: that says nothing of the provider.
    signal.throwIfAborted();
    throw new ProviderError(
      "ProviderUnreachable",
      `${title} did not answer: ${whyNot(cause, timeoutMs)}.`,
      { cause },
    );
  }
}

/**
 * How long a provider asks to be left alone, in milliseconds, at most an hour: seconds or a date.
 * Source: RFC 9110 §10.2.3
 */
export function retryAfterMs(
  headers: Headers,
  nowMs: number,
): number | undefined {
  const text = headers.get("retry-after")?.trim() ?? "";
  const waitMs = /^\d+$/.test(text)
    ? Number(text) * 1_000
    : Date.parse(text) - nowMs;
  return Number.isFinite(waitMs)
    ? Math.min(Math.max(waitMs, 0), longestRetryAfterMs)
    : undefined;
}

/** Whether another try may do: too many requests, or trouble on the provider's side. */
export function isTemporary(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function whyNot(cause: unknown, timeoutMs: number): string {
  if (!(cause instanceof Error)) return "the request failed";
  if (cause.name === "TimeoutError")
    return `nothing came within ${timeoutMs / 1_000} s`;
  const inner = cause.cause instanceof Error ? cause.cause.message : "";
  return inner === "" ? cause.message : inner;
}
