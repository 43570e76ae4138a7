import type { RequestContext } from "../context.js";
import type { Logger } from "../logger.js";
import { requestContext, withRequestContext } from "../context.js";

export type SpanKind =
  "server" | "client" | "producer" | "consumer" | "internal";
export type SpanAttributes = Readonly<
  Record<string, string | number | boolean>
>;

/** A span that is running. */
export interface RunningSpan {
  readonly traceparent: string;
  rename(name: string): void;
  setAttributes(attributes: SpanAttributes): void;
  /** Ends the span, as failed when an error is given. */
  end(error?: unknown): void;
}

/** Spans for the collector; each knows its parent by W3C `traceparent`. */
export interface Tracing {
  startSpan(
    name: string,
    options: {
      kind: SpanKind;
      traceparent?: string | undefined;
      attributes?: SpanAttributes;
    },
  ): RunningSpan;
  /** Sends what is left and stops; resolves even when the collector is away. */
  shutdown(): Promise<void>;
}

/**
 * Starts tracing to an OTLP/HTTP collector. Nothing of OpenTelemetry is loaded
 * before this is called.
 */
export async function startTracing(options: {
  name: string;
  endpoint: string;
  /** Told once when spans stop arriving, and once when they arrive again. */
  logger?: Logger;
}): Promise<Tracing> {
  const { createOtlpTracing } = await import("./otlp.js");
  return createOtlpTracing(options);
}

/**
 * Runs `fn` inside a span whose parent is `traceparent`, or else the running
 * span; without tracing it just runs it. Within, `currentTraceparent()` is the
 * new span's.
 */
export async function inSpan<T>(
  tracing: Tracing | undefined,
  name: string,
  options: {
    kind?: SpanKind;
    traceparent?: string;
    attributes?: SpanAttributes;
  },
  fn: (span: RunningSpan | undefined) => Promise<T> | T,
): Promise<T> {
  if (tracing === undefined) {
    return fn(undefined);
  }
  const outer = requestContext();
  const span = tracing.startSpan(name, {
    kind: options.kind ?? "internal",
    traceparent: options.traceparent ?? outer?.traceparent,
    ...(options.attributes === undefined
      ? {}
      : { attributes: options.attributes }),
  });
  const inner: RequestContext = {
    requestId: span.traceparent,
    ...outer,
    traceparent: span.traceparent,
  };
  try {
    const result = await withRequestContext(inner, () => fn(span));
    span.end();
    return result;
  } catch (error) {
    span.end(error ?? new Error("failed"));
    throw error;
  }
}
