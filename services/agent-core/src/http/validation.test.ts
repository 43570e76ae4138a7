import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { z } from "zod";
import { databases } from "../testing/databases.js";
import {
  newTenant,
  type RunningAgentCore,
  startAgentCore,
} from "../testing/running.js";

const call = { callId: "CA1", direction: "inbound", platform: "twilio" };
const payment = { region: "rw", amount: 5_000, currency: "RWF" };
const phone = "+250788123456";

const badBodies: [string, unknown, string][] = [
  ["fetch-lead", {}, "phone"],
  ["fetch-lead", { phone: "call me" }, "phone"],
  ["fetch-lead", { phone: 250788123456 }, "phone"],
  ["fetch-lead", { phone: "+2507" }, "phone"],
  ["fetch-lead", { phone: `${phone};ext=12` }, "phone"],
  ["fetch-lead", { phone: "" }, "phone"],
  ["fetch-lead", { userId: " " }, "userId"],
  ["fetch-lead", { userId: "a\u0000b" }, "userId"],
  ["fetch-lead", { userId: "a\ud800" }, "userId"],
  ["fetch-lead", { userId: "x".repeat(129) }, "userId"],
  ["fetch-lead", [], ""],
  ["log-lead", { name: "Aline" }, "phone"],
  ["log-lead", { phone, name: "" }, "name"],
  ["log-lead", { phone, name: "x".repeat(201) }, "name"],
  ["log-lead", { phone, language: "Kinyarwanda!" }, "language"],
  ["log-lead", { phone, tags: "vip" }, "tags"],
  ["log-lead", { phone, tags: ["ok", ""] }, "tags.1"],
  ["log-lead", { phone, tags: Array.from({ length: 51 }, String) }, "tags"],
  ["log-lead", { phone, source: 7 }, "source"],
  ["log-lead", { phone, optIn: "yes" }, "optIn"],
  ["create-call", { ...call, callId: undefined }, "callId"],
  ["create-call", { ...call, callId: "x".repeat(256) }, "callId"],
  ["create-call", { ...call, leadId: "1" }, "leadId"],
  ["create-call", { ...call, direction: "sideways" }, "direction"],
  ["create-call", { ...call, platform: "a b" }, "platform"],
  ["create-call", { ...call, region: "" }, "region"],
  ["set-disposition", { callId: "CA1", code: "fine" }, "code"],
  ["set-disposition", { code: "completed" }, "callId"],
  ["set-disposition", { callId: "CA1", code: "busy", notes: "" }, "notes"],
  ["register-opt-out", { channel: "voice" }, "phone"],
  ["register-opt-out", { phone, channel: "pigeon" }, "channel"],
  ["register-opt-out", { phone }, "channel"],
  ["register-opt-out", { phone, channel: "sms", reason: "" }, "reason"],
  ["collect-payment", { ...payment, amount: 0 }, "amount"],
  ["collect-payment", { ...payment, amount: 12.5 }, "amount"],
  ["collect-payment", { ...payment, amount: "5000" }, "amount"],
  ["collect-payment", { ...payment, amount: 1e300 }, "amount"],
  ["collect-payment", { ...payment, currency: "francs" }, "currency"],
  ["collect-payment", { ...payment, region: "R 1" }, "region"],
  ["collect-payment", { ...payment, merchant: "1*2#" }, "merchant"],
  ["collect-payment", { ...payment, phone: "x" }, "phone"],
  ["warm-transfer", { callId: "CA1" }, "queue"],
  ["warm-transfer", { queue: "sales" }, "callId"],
  ["warm-transfer", { callId: "CA1", queue: "a/b" }, "queue"],
];

describe("what a request must not be", () => {
  let core: RunningAgentCore;
  beforeAll(async () => {
    core = await startAgentCore({ databaseUrl: "pglite:memory" });
  });
  afterAll(() => core.close());
  const tenant = newTenant();

  test.each(badBodies)(
    "%s refuses %j, naming %j",
    async (tool, body, field) => {
      const answer = await core.tool(tenant, tool, body);
      expect(answer).toMatchObject({
        status: 400,
        body: { code: "invalid_request", errors: [{ field }] },
      });
      expect(answer.headers.get("content-type")).toContain(
        "application/problem+json",
      );
      expect(answer.headers.get("x-request-id")).toBe(answer.body.instance);
    },
  );

  test.each([
    ["/tools/leads?limit=0", "limit"],
    ["/tools/leads?limit=201", "limit"],
    ["/tools/leads?limit=many", "limit"],
    ["/tools/leads?limit=1&limit=2", "limit"],
    ["/tools/leads?after=here", "after"],
    ["/tools/leads?before=x", "before"],
    ["/opt-outs/nobody", "phone"],
  ])("GET %s is refused, naming %s", async (path, field) => {
    expect(await core.send("GET", path, { tenant })).toMatchObject({
      status: 400,
      body: { errors: [{ field }] },
    });
  });

  test("may have fields that only a newer caller knows: they are nobody's business", async () => {
    const later = { colour: "red" };
    const { status, body } = await core.tool(tenant, "collect-payment", {
      ...payment,
      ...later,
    });
    expect(status).toBe(200);
    expect(body).not.toHaveProperty("colour");
    const vendor = { name: "Shop", phone, area: "Remera" };
    expect(
      await core.send("PUT", "/vendors/later", {
        tenant,
        body: {
          ...vendor,
          ...later,
          items: [{ name: "mirror", price: 1, currency: "RWF", ...later }],
        },
      }),
    ).toMatchObject({ status: 200 });
  });

  test("names every field that is wrong", async () => {
    const answer = await core.tool(tenant, "collect-payment", {
      region: 1,
      amount: -1,
    });
    expect(answer.body.errors).toMatchObject([
      { field: "region" },
      { field: "amount" },
      { field: "currency" },
    ]);
  });

  test.each([
    ["no body", undefined, 400, "invalid_request"],
    ["bad JSON", "{", 400, "invalid_json"],
    ["a body over 64 KiB", `"${"x".repeat(70_000)}"`, 413, "body_too_large"],
  ])("%s is refused", async (_what, body, status, code) => {
    const options = body === undefined ? { tenant } : { tenant, body };
    expect(await core.send("POST", "/tools/log-lead", options)).toMatchObject({
      status,
      body: { code },
    });
  });

  test.each([
    ["GET", "/tools/log-lead"],
    ["POST", "/tools/leads"],
    ["POST", "/tools/unknown"],
    ["DELETE", "/opt-outs/+250788123456"],
    ["GET", "/wallet"],
  ])("%s %s is not there", async (method, path) => {
    expect(await core.send(method, path, { tenant })).toMatchObject({
      status: 404,
      body: { code: "not_found" },
    });
  });
});

describe.each(databases)("whatever comes, on %s,", (_name, databaseUrl) => {
  let core: RunningAgentCore;
  beforeAll(async () => {
    core = await startAgentCore({ databaseUrl: await databaseUrl() });
  });
  afterAll(() => core.close());

  // Near enough to the truth to get past the first checks, wrong enough to find the others.
  const anything = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.constantFrom(
      phone,
      "0788123456",
      "CA1",
      "inbound",
      "twilio",
      "voice",
      "completed",
      "sales",
      "rw",
      "mt",
      "RWF",
      "EUR",
      5_000,
      Number.MAX_SAFE_INTEGER,
      "123456",
      "external",
      "2026-06-01T00:00:00Z",
      {},
      [],
      "__proto__",
      ["a", "a"],
      true,
      null,
    ),
  );
  const field = fc.constantFrom(
    ...["phone", "userId", "name", "language", "tags", "source", "optIn"],
    ...["callId", "direction", "platform", "region", "code", "notes"],
    ...["channel", "reason", "amount", "currency", "merchant", "queue"],
    ...["from", "to", "memo", "buyerId", "intentId", "vendorId", "slots"],
    ...["contact", "candidates", "rankingId", "expiresAt", "limit", "at"],
    ...["area", "items", "rating", "summary", "turns", "reservationId"],
    "__proto__",
  );
  const body = fc.oneof(
    { weight: 8, arbitrary: fc.dictionary(field, anything, { maxKeys: 8 }) },
    { weight: 1, arbitrary: fc.jsonValue() },
  );
  const plausible = fc
    .record(
      {
        phone: fc.constantFrom(phone, "0788123456", "+250788000001"),
        userId: fc.string({ unit: "binary", minLength: 1, maxLength: 10 }),
        name: fc.string({ unit: "binary", minLength: 1, maxLength: 10 }),
        tags: fc.array(
          fc.string({ unit: "binary", minLength: 1, maxLength: 5 }),
          {
            maxLength: 3,
          },
        ),
        optIn: fc.boolean(),
      },
      { requiredKeys: ["phone"] },
    )
    .map((value): unknown => value);

  test("nothing makes the service fail", async () => {
    const tenant = newTenant();
    const { body: made } = await core.send("POST", "/buyers", {
      tenant,
      body: { phone },
    });
    const { buyerId } = z
      .object({ buyer: z.object({ buyerId: z.string() }) })
      .parse(made).buyer;
    const route = fc.constantFrom(
      "POST /tools/fetch-lead",
      "POST /tools/log-lead",
      "POST /tools/create-call",
      "POST /tools/set-disposition",
      "POST /tools/register-opt-out",
      "POST /tools/collect-payment",
      "POST /tools/warm-transfer",
      "POST /rankings",
      "POST /buyers",
      `POST /buyers/${buyerId}/intents`,
      `POST /buyers/${buyerId}/rankings`,
      `PUT /buyers/${buyerId}/conversation`,
      "POST /purchases",
      "POST /wallet/transfer",
      "POST /wallet/reservations",
      "PUT /vendors/v-1",
    );
    const key = fc.option(fc.constantFrom("k1", "k2", "k3"), {
      nil: undefined,
    });
    await fc.assert(
      fc.asyncProperty(route, body, key, async (name, content, one) => {
        const [method = "", path = ""] = name.split(" ");
        const answer = await core.send(method, path, {
          tenant,
          body: content,
          ...(one === undefined ? {} : { key: one }),
        });
        expect(answer.status).toBeLessThan(500);
        if (answer.status >= 400)
          expect(answer.body).toMatchObject({
            status: answer.status,
            code: expect.any(String),
            title: expect.any(String),
          });
      }),
      { numRuns: 200 },
    );
    await fc.assert(
      fc.asyncProperty(plausible, async (content) => {
        const answer = await core.tool(tenant, "log-lead", content);
        expect([200, 400]).toContain(answer.status);
      }),
      { numRuns: 40 },
    );
  });
});
