import { ExportResultCode, type ExportResult } from "@opentelemetry/core";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import type { Logger } from "../logger.js";

/** An exporter whose failures are seen: said once when they begin, and once when they are over. */
export class WatchedExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #logger: Logger;
  #failing = false;
  #lost = 0;

  constructor(exporter: SpanExporter, logger: Logger) {
    this.#exporter = exporter;
    this.#logger = logger;
  }

  export(spans: ReadableSpan[], report: (result: ExportResult) => void): void {
    this.#exporter.export(spans, (result) => {
      if (result.code === ExportResultCode.SUCCESS) this.#arrived();
      else this.#failed(spans.length, result.error);
      report(result);
    });
  }

  async shutdown(): Promise<void> {
    await this.#exporter.shutdown();
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.();
  }

  #arrived(): void {
    if (!this.#failing) return;
    this.#logger.info(
      { lostSpans: this.#lost },
      "spans reach the collector again",
    );
    this.#failing = false;
    this.#lost = 0;
  }

  #failed(spans: number, error: Error | undefined): void {
    this.#lost += spans;
    if (this.#failing) return;
    this.#failing = true;
    this.#logger.warn(
      { err: error },
      "spans do not reach the collector of OTEL_EXPORTER_OTLP_ENDPOINT and are lost",
    );
  }
}
