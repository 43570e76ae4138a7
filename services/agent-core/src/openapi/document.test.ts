import { once } from "node:events";
import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  createLogger,
  createMetrics,
  createServiceKit,
  systemClock,
} from "@easymo/service-kit";
import { Validator } from "@seriousme/openapi-schema-validator";
import type { Express } from "express";
import { z } from "zod";
import { createAgentCore } from "../app.js";
import { readAgentCoreConfig } from "../config.js";
import { createDatabase } from "../database/create.js";

const operation = z.looseObject({
  operationId: z.string(),
  parameters: z
    .array(z.looseObject({ name: z.string(), in: z.string() }))
    .default([]),
  responses: z.record(z.string(), z.unknown()),
});
const documentShape = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), operation)),
});

/** What other programs rely on. */
const promised = [
  "post /tools/fetch-lead",
  "post /tools/log-lead",
  "get /tools/leads",
  "post /tools/create-call",
  "post /tools/set-disposition",
  "post /tools/register-opt-out",
  "get /opt-outs/{phone}",
  "post /tools/collect-payment",
  "post /tools/warm-transfer",
  "get /tools/handovers",
  "get /tools/handovers/{handoverId}",
  "post /tools/handovers/{handoverId}/hand-back",
  "post /rankings",
  "post /buyers",
  "post /buyers/{buyerId}/intents",
  "post /buyers/{buyerId}/rankings",
  "get /buyers/{buyerId}/context",
  "put /buyers/{buyerId}/conversation",
  "post /purchases",
  "post /wallet/reservations",
  "post /wallet/reservations/{reservationId}/capture",
  "post /wallet/reservations/{reservationId}/release",
  "post /wallet/transfer",
  "get /wallet/accounts/{accountId}",
  "put /vendors/{vendorId}",
  "get /vendors",
  "get /openapi.json",
];

/** The service, composed and not started: the document needs no database. */
function composed() {
  const logger = createLogger({ name: "test", level: "silent" });
  const kit = createServiceKit({
    name: "agent-core",
    logger,
    metrics: createMetrics(),
  });
  return createAgentCore({
    config: readAgentCoreConfig({ AGENT_CORE_JWT_SECRET: "s" }),
    kit,
    database: createDatabase("pglite:memory", { clock: systemClock, logger }),
  });
}

/** The routes that express was really given, probes aside. */
function mountedRoutes(http: Express): string[] {
  const layer = z.object({
    route: z.object({
      path: z.string(),
      methods: z.record(z.string(), z.boolean()),
    }),
  });
  return http.router.stack.flatMap((entry) => {
    const parsed = layer.safeParse(entry).data;
    if (parsed === undefined) return [];
    const path = parsed.route.path.replace(/:(\w+)/g, "{$1}");
    return Object.keys(parsed.route.methods).map(
      (method) => `${method} ${path}`,
    );
  });
}

describe("the OpenAPI document", () => {
  const { http } = composed();
  const server = createServer(http);
  let raw: Record<string, unknown>;
  let documented: [string, z.infer<typeof operation>][];
  beforeAll(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = z.object({ port: z.number() }).parse(server.address());
    const response = await fetch(
      `http://127.0.0.1:${address.port}/openapi.json`,
    );
    raw = z.record(z.string(), z.unknown()).parse(await response.json());
    documented = Object.entries(documentShape.parse(raw).paths).flatMap(
      ([path, methods]) =>
        Object.entries(methods).map(
          ([method, one]): [string, z.infer<typeof operation>] => [
            `${method} ${path}`,
            one,
          ],
        ),
    );
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });

  test("is a valid OpenAPI 3.1 document", async () => {
    const result = await new Validator().validate(raw);
    expect(result).toMatchObject({ valid: true });
    expect(raw.openapi).toBe("3.1.0");
  });

  test("has every route that is served, and none besides", () => {
    const mounted = mountedRoutes(http);
    expect(mounted.length).toBeGreaterThan(0);
    expect(documented.map(([name]) => name).sort()).toEqual(mounted.sort());
  });

  test("has every call that is promised", () => {
    expect(documented.map(([name]) => name)).toEqual(
      expect.arrayContaining(promised),
    );
  });

  test("says what each call can be refused with, and which take a key", () => {
    const writes = documented.filter(([, { parameters }]) =>
      parameters.some(({ name }) => name === "Idempotency-Key"),
    );
    expect(writes.map(([name]) => name).sort()).toEqual(
      promised
        .filter((name) => !name.startsWith("get "))
        .filter((name) => name !== "post /tools/fetch-lead")
        .sort(),
    );
    for (const [name, { responses }] of documented)
      if (name !== "get /openapi.json")
        expect(Object.keys(responses)).toEqual(
          expect.arrayContaining(["200", "400", "401", "403", "503"]),
        );
    for (const [, { responses }] of writes)
      expect(Object.keys(responses)).toEqual(
        expect.arrayContaining(["409", "422"]),
      );
  });

  test("describes bodies by the schemas that check them", () => {
    const schema = z
      .looseObject({
        paths: z.looseObject({
          "/tools/collect-payment": z.looseObject({
            post: z.looseObject({
              requestBody: z.looseObject({
                content: z.looseObject({
                  "application/json": z.looseObject({ schema: z.unknown() }),
                }),
              }),
            }),
          }),
        }),
      })
      .parse(raw).paths["/tools/collect-payment"].post.requestBody.content[
      "application/json"
    ].schema;
    expect(schema).toMatchObject({
      type: "object",
      required: ["region", "amount", "currency"],
      properties: {
        amount: { type: "integer", exclusiveMinimum: 0 },
        region: { type: "string", pattern: "^[A-Za-z][A-Za-z-]{0,15}$" },
      },
    });
  });
});
