import { execFile } from "node:child_process";
import type { Server } from "node:http";
import { createServer } from "node:http";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import {
  currentTraceparent,
  requestContext,
  withRequestContext,
} from "../context.js";
import { ExportResultCode, type ExportResult } from "@opentelemetry/core";
import type { SpanExporter } from "@opentelemetry/sdk-trace";
import { serve, testKit } from "../fixtures/test-service.js";
import type { Tracing } from "./tracing.js";
import { parseTraceparent } from "./traceparent.js";
import { inSpan, startTracing } from "./tracing.js";
import { WatchedExporter } from "./watched-exporter.js";

const attribute = z.object({
  key: z.string(),
  value: z.record(z.string(), z.unknown()),
});
const otlp = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: z.array(attribute) }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              name: z.string(),
              kind: z.number(),
              attributes: z.array(attribute),
              status: z.object({
                code: z.number().optional(),
                message: z.string().optional(),
              }),
            }),
          ),
        }),
      ),
    }),
  ),
});

const PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/** A collector that keeps what it is sent. */
class Collector {
  readonly paths: (string | undefined)[] = [];
  readonly bodies: z.infer<typeof otlp>[] = [];
  readonly #server: Server;
  url = "";

  constructor() {
    this.#server = createServer((req, res) => {
      this.paths.push(req.url);
      const chunks: Buffer[] = [];
      req.on("data", (chunk: Buffer) => chunks.push(chunk));
      req.on("end", () => {
        this.bodies.push(
          otlp.parse(JSON.parse(Buffer.concat(chunks).toString())),
        );
        res.setHeader("content-type", "application/json").end("{}");
      });
    });
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, "127.0.0.1", resolve);
    });
    const address = this.#server.address();
    if (address === null || typeof address === "string") {
      throw new Error("no port");
    }
    this.url = `http://127.0.0.1:${address.port}`;
  }

  get spans() {
    return this.bodies.flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ scopeSpans }) =>
        scopeSpans.flatMap(({ spans }) => spans),
      ),
    );
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe("tracing", () => {
  let collector: Collector;
  let tracing: Tracing;

  beforeEach(async () => {
    collector = new Collector();
    await collector.open();
    tracing = await startTracing({
      name: "voice-bridge",
      endpoint: `${collector.url}/`,
    });
  });
  afterEach(async () => {
    await tracing.shutdown();
    await collector.close();
  });

  test("sends one server span per request, child of the caller's, to the collector", async () => {
    const service = await serve(
      (app) => {
        app.get("/calls/:id", (_req, res) =>
          res.json({ traceparent: currentTraceparent() }),
        );
      },
      { kit: testKit({ tracing }) },
    );
    const response = await fetch(`${service.url}/calls/250780000001`, {
      headers: { traceparent: PARENT },
    });
    const { traceparent } = z
      .object({ traceparent: z.string() })
      .parse(await response.json());
    await fetch(`${service.url}/healthz`);
    await service.kit.log.waitFor(({ msg }) => msg === "request");
    await service.close();
    await tracing.shutdown();

    expect(collector.paths).toEqual(["/v1/traces"]);
    expect(collector.spans).toHaveLength(1);
    const [span] = collector.spans;
    expect(span).toMatchObject({
      traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
      parentSpanId: "00f067aa0ba902b7",
      name: "GET /calls/:id",
      kind: 2,
    });
    expect(traceparent).toBe(`00-${span!.traceId}-${span!.spanId}-01`);
    expect(span!.attributes).toContainEqual({
      key: "http.response.status_code",
      value: { intValue: 200 },
    });
    expect(JSON.stringify(collector.bodies)).not.toContain("250780000001");
    expect(
      collector.bodies[0]!.resourceSpans[0]!.resource.attributes,
    ).toContainEqual({
      key: "service.name",
      value: { stringValue: "voice-bridge" },
    });
  });

  test("nests spans, and marks the failed one without showing numbers", async () => {
    await expect(
      withRequestContext({ requestId: "r-1", tenantId: "t" }, () =>
        inSpan(
          tracing,
          "outer",
          { kind: "consumer", traceparent: PARENT },
          () =>
            inSpan(tracing, "inner", { attributes: { topic: "x" } }, () => {
              expect(requestContext()).toMatchObject({
                requestId: "r-1",
                tenantId: "t",
              });
              throw new Error("no lead for +250780000001");
            }),
        ),
      ),
    ).rejects.toThrow("no lead");
    await tracing.shutdown();
    const [inner, outer] = collector.spans;
    expect(outer).toMatchObject({
      name: "outer",
      kind: 5,
      parentSpanId: "00f067aa0ba902b7",
    });
    expect(inner).toMatchObject({
      name: "inner",
      parentSpanId: outer!.spanId,
      status: { code: 2, message: "no lead for +2507*****01" },
    });
  });

  test("leaves out what the caller decided not to sample", async () => {
    const unsampled = PARENT.replace(/01$/, "00");
    const span = tracing.startSpan("x", {
      kind: "server",
      traceparent: unsampled,
    });
    span.end();
    await tracing.shutdown();
    expect(span.traceparent).toMatch(
      /^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-00$/,
    );
    expect(collector.spans).toEqual([]);
  });

  test("says once that the collector is away, and once that it is back", async () => {
    const { logger, log } = testKit();
    const { SUCCESS, FAILED } = ExportResultCode;
    const results: ExportResult[] = [FAILED, FAILED, SUCCESS, FAILED].map(
      (code) => ({ code }),
    );
    const scripted: SpanExporter = {
      export: (_spans, report) => report(results.shift() ?? { code: SUCCESS }),
      shutdown: () => Promise.resolve(),
    };
    const exporter = new WatchedExporter(scripted, logger);
    const reported: ExportResultCode[] = [];
    for (let batch = 0; batch < 4; batch++) {
      exporter.export([], ({ code }) => reported.push(code));
    }
    await exporter.shutdown();
    expect(reported).toEqual([FAILED, FAILED, SUCCESS, FAILED]);
    expect(log.lines.map(({ msg }) => msg)).toEqual([
      expect.stringContaining("OTEL_EXPORTER_OTLP_ENDPOINT"),
      "spans reach the collector again",
      expect.stringContaining("OTEL_EXPORTER_OTLP_ENDPOINT"),
    ]);
  });

  test("warns of a collector that is away, without holding anything up", async () => {
    const { logger, log } = testKit();
    const nowhere = await startTracing({
      name: "x",
      endpoint: "http://127.0.0.1:1",
      logger,
    });
    nowhere.startSpan("x", { kind: "internal" }).end();
    await nowhere.shutdown();
    expect(log.lines).toEqual([
      expect.objectContaining({
        msg: expect.stringContaining("OTEL_EXPORTER_OTLP_ENDPOINT"),
      }),
    ]);
  });

  test("does not hold anything up when the collector is away", async () => {
    await collector.close();
    tracing.startSpan("x", { kind: "internal" }).end();
    await tracing.shutdown();
    await collector.open();
  });
});

describe("without tracing", () => {
  test("the caller's trace is carried on as it is", async () => {
    const service = await serve((app) => {
      app.get("/", (_req, res) =>
        res.json({ traceparent: currentTraceparent() ?? null }),
      );
    });
    const ask = async (traceparent: string): Promise<unknown> =>
      (await fetch(service.url, { headers: { traceparent } })).json();
    expect(await ask(PARENT)).toEqual({ traceparent: PARENT });
    expect(await ask("00-nonsense")).toEqual({ traceparent: null });
    await service.close();
  });

  test("a function that would have a span is just run", async () => {
    expect(
      await inSpan(undefined, "x", {}, (span) => [span, currentTraceparent()]),
    ).toEqual([undefined, undefined]);
  });

  test("nothing of OpenTelemetry is loaded but the bare API that prom-client brings", async () => {
    const index = new URL("../../dist/index.js", import.meta.url).href;
    const script = `
      import { createRequire, registerHooks } from "node:module";
      const seen = [];
      registerHooks({ resolve(s, c, next) { const r = next(s, c); seen.push(r.url); return r; } });
      const kit = await import(${JSON.stringify(index)});
      const before = seen.filter((url) => /opentelemetry.(?!api)/.test(url)).length;
      await kit.startTracing({ name: "x", endpoint: "http://127.0.0.1:9" });
      const after = seen.filter((url) => /opentelemetry.(?!api)/.test(url)).length;
      console.log(JSON.stringify({ before, loadedByTracing: after > 0 }));
      process.exit(0);`;
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--input-type=module",
      "--eval",
      script,
    ]);
    expect(JSON.parse(stdout)).toEqual({ before: 0, loadedByTracing: true });
  });
});

describe("a traceparent", () => {
  test.each([
    undefined,
    "",
    7,
    "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
    "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
    `${PARENT}\n`,
    ` ${PARENT}`,
  ])("that is not well formed is none: %j", (value) => {
    expect(parseTraceparent(value)).toBeUndefined();
  });
});
