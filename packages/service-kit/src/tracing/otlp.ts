import type { SpanContext } from "@opentelemetry/api";
import {
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind as OtelSpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import {
  defaultResource,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { messageOf } from "../errors.js";
import type { Logger } from "../logger.js";
import { maskText } from "../redaction.js";
import { WatchedExporter } from "./watched-exporter.js";
import type { RunningSpan, SpanKind, Tracing } from "./tracing.js";
import { parseTraceparent } from "./traceparent.js";

const KINDS: Record<SpanKind, OtelSpanKind> = {
  server: OtelSpanKind.SERVER,
  client: OtelSpanKind.CLIENT,
  producer: OtelSpanKind.PRODUCER,
  consumer: OtelSpanKind.CONSUMER,
  internal: OtelSpanKind.INTERNAL,
};

/** A collector that is away must not hold up the end of the process. */
const EXPORT_TIMEOUT_MS = 3_000;

/** Tracing by the OpenTelemetry SDK; loaded through `startTracing` only. */
export function createOtlpTracing(options: {
  name: string;
  endpoint: string;
  logger?: Logger;
}): Tracing {
  const exporter = new OTLPTraceExporter({
    url: `${options.endpoint.replace(/\/+$/, "")}/v1/traces`,
    timeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const provider = new TracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({ "service.name": options.name }),
    ),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter:
          options.logger === undefined
            ? exporter
            : new WatchedExporter(exporter, options.logger),
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      }),
    ],
  });
  const tracer = provider.getTracer(options.name);
  return {
    startSpan(name, { kind, traceparent, attributes }) {
      const parent = remoteParent(traceparent);
      const span = tracer.startSpan(
        name,
        { kind: KINDS[kind], attributes: { ...attributes } },
        parent === undefined
          ? ROOT_CONTEXT
          : trace.setSpanContext(ROOT_CONTEXT, parent),
      );
      return runningSpan(span);
    },
    async shutdown() {
      await provider.shutdown().catch(() => undefined);
    },
  };
}

function remoteParent(
  traceparent: string | undefined,
): SpanContext | undefined {
  const [, traceId = "", spanId = "", flags = "00"] =
    parseTraceparent(traceparent)?.split("-") ?? [];
  const parent = {
    traceId,
    spanId,
    traceFlags: parseInt(flags, 16) & TraceFlags.SAMPLED,
    isRemote: true,
  };
  return isSpanContextValid(parent) ? parent : undefined;
}

function runningSpan(
  span: ReturnType<ReturnType<TracerProvider["getTracer"]>["startSpan"]>,
): RunningSpan {
  const { traceId, spanId, traceFlags } = span.spanContext();
  const flags = traceFlags.toString(16).padStart(2, "0");
  return {
    traceparent: `00-${traceId}-${spanId}-${flags}`,
    rename: (name) => {
      span.updateName(name);
    },
    setAttributes: (attributes) => {
      span.setAttributes({ ...attributes });
    },
    end: (error) => {
      if (error !== undefined) {
        span.setStatus({
          code: SpanStatusCode.ERROR,
          message: maskText(messageOf(error)),
        });
      }
      span.end();
    },
  };
}
