import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ManualClock, withRequestContext } from "@easymo/service-kit";
import { until } from "@easymo/testbed";
import { jwtVerify } from "jose";
import { Bench, failure, jwtSecret, lead } from "./testing/bench.js";
import { hangUp, json, silence } from "./testing/misbehaving-server.js";

const bench = new Bench();
beforeEach(() => bench.start());
afterEach(() => bench.stop());

describe("a request", () => {
  test("carries the tenant's token, the key, the request id and the trace", async () => {
    bench.server.does(json(200, { lead }));
    const answer = await bench
      .connect()
      .forTenant("kigali-parts", {
        requestId: "req-1",
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      })
      .logLead({ phone: "+250788123456" }, { idempotencyKey: "key-1" });
    expect(answer.lead).toEqual({
      ...lead,
      optIn: null,
      source: null,
      lastChannel: null,
    });
    const [seen] = bench.server.seen;
    expect(seen).toMatchObject({
      method: "POST",
      url: "/tools/log-lead",
      body: '{"phone":"+250788123456"}',
      headers: {
        "idempotency-key": "key-1",
        "x-request-id": "req-1",
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      },
    });
    const token = seen?.headers.authorization?.replace("Bearer ", "") ?? "";
    const verified = await jwtVerify(
      token,
      new TextEncoder().encode(jwtSecret),
      { algorithms: ["HS256"] },
    );
    expect(verified.payload.tenantId).toBe("kigali-parts");
  });

  test("takes the id and trace of the request that it is made for", async () => {
    const traceparent =
      "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await withRequestContext({ requestId: "outer-7", traceparent }, () =>
      bench.connect().forTenant("t").fetchLead({ userId: "u" }),
    );
    expect(bench.server.seen[0]?.headers).toMatchObject({
      "x-request-id": "outer-7",
      traceparent,
    });
  });

  test("carries any key: one that no header can hold, as its hash", async () => {
    bench.server.does(json(200, { lead }));
    const tenant = bench.connect().forTenant("t");
    for (const idempotencyKey of ["a b", "clé-Ω", "a b", "k".repeat(300)])
      await tenant.logLead({ userId: "u" }, { idempotencyKey });
    const keys = bench.server.seen.map(
      ({ headers }) => headers["idempotency-key"],
    );
    for (const key of keys) expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(keys[2]).toBe(keys[0]);
    expect(new Set(keys).size).toBe(3);
  });

  test("keeps one token per tenant until it is near its end", async () => {
    const clock = new ManualClock(Date.now());
    const client = bench.connect({ clock });
    const tokens = async (tenant: string): Promise<string | undefined> => {
      await client.forTenant(tenant).fetchLead({ userId: "u" });
      return bench.server.seen.at(-1)?.headers.authorization;
    };
    const first = await tokens("a");
    expect(await tokens("b")).not.toBe(first);
    clock.advance(200_000);
    expect(await tokens("a")).toBe(first);
    clock.advance(60_000);
    expect(await tokens("a")).not.toBe(first);
  });

  test("goes where the address and its path say, with everything encoded", async () => {
    const client = bench.connect({ baseUrl: `${bench.baseUrl}/api/` });
    bench.server.does(json(200, { phone: "+250788123456", optedOut: false }));
    expect(await client.forTenant("t").optOut("+250788123456")).toEqual({
      phone: "+250788123456",
      optedOut: false,
      channel: undefined,
      at: undefined,
    });
    bench.server.does(json(200, { leads: [], next: null }));
    await client.forTenant("t").leads({ limit: 5, after: "a&b" });
    expect(bench.server.seen.map(({ url }) => url)).toEqual([
      "/api/opt-outs/%2B250788123456",
      "/api/tools/leads?limit=5&after=a%26b",
    ]);
  });
});

describe("an answer", () => {
  test("of another shape than the contract's is an error that names the place", async () => {
    bench.server.does(json(200, { lead: { ...lead, tags: "vip" } }));
    const error = await failure(
      bench.connect().forTenant("t").fetchLead({ userId: "u" }),
    );
    expect(error).toMatchObject({ code: "bad_answer", retryable: false });
    expect(error.detail).toContain("lead.tags");
    expect(bench.server.seen).toHaveLength(1);
  });

  test("may have more fields than we know", async () => {
    bench.server.does(
      json(200, { lead: { ...lead, shoeSize: 41 }, more: true }),
    );
    const answer = await bench
      .connect()
      .forTenant("t")
      .fetchLead({ userId: "u" });
    expect(answer.lead?.name).toBe("Aline");
    expect(answer).not.toHaveProperty("more");
  });

  test("that does not end is cut off", async () => {
    bench.server.does((response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(`"${"x".repeat(5 * 1024 * 1024)}"`);
    });
    expect(
      await failure(
        bench
          .connect({ retry: { maxAttempts: 1 } })
          .forTenant("t")
          .fetchLead({ userId: "u" }),
      ),
    ).toMatchObject({ code: "not_json" });
  });
});

describe("a refusal", () => {
  test("is told once, with the server's code and fields", async () => {
    bench.server.does(
      json(400, {
        code: "invalid_request",
        detail: "The body is wrong in: phone",
        errors: [{ field: "phone", message: "must be a phone number" }],
      }),
    );
    const error = await failure(
      bench
        .connect()
        .forTenant("t")
        .logLead({ phone: "x" }, { idempotencyKey: "k" }),
    );
    expect(error).toMatchObject({
      code: "invalid_request",
      status: 400,
      retryable: false,
      detail: "The body is wrong in: phone",
      fields: [{ field: "phone", message: "must be a phone number" }],
    });
    expect(bench.server.seen).toHaveLength(1);
  });

  test("of another shape than ours is a refusal all the same", async () => {
    bench.server.does((response) => {
      response.writeHead(404, { "content-type": "text/plain" });
      response.end("nope");
    });
    expect(
      await failure(bench.connect().forTenant("t").fetchLead({ userId: "u" })),
    ).toMatchObject({ code: "http_error", status: 404, retryable: false });
  });

  test("by a redirect does not take the token elsewhere", async () => {
    bench.server.does((response) => {
      response.writeHead(307, { location: `${bench.baseUrl}/elsewhere` });
      response.end();
    });
    expect(
      await failure(bench.connect().forTenant("t").fetchLead({ userId: "u" })),
    ).toMatchObject({ status: 307, retryable: false });
    expect(bench.server.seen).toHaveLength(1);
  });
});

describe("giving up", () => {
  test("ends a request that its caller does not want any more", async () => {
    bench.server.does(silence);
    const stop = new AbortController();
    const call = failure(
      bench.connect().forTenant("t").fetchLead({ userId: "u" }, stop),
    );
    await until(() => bench.server.seen.length === 1);
    stop.abort();
    expect(await call).toMatchObject({ code: "aborted", retryable: false });
  });

  test("ends everything when the client is closed", async () => {
    bench.server.does(silence);
    const client = bench.connect();
    const call = failure(client.forTenant("t").fetchLead({ userId: "u" }));
    await until(() => bench.server.seen.length === 1);
    client.close();
    expect((await call).code).toBe("closed");
    const later = await failure(
      client.forTenant("t").fetchLead({ userId: "u" }),
    );
    expect(later.code).toBe("closed");
    expect((await failure(client.check())).code).toBe("closed");
  });
});

describe("the readiness check", () => {
  test("passes while the server answers, and fails while it does not", async () => {
    const client = bench.connect({ timeoutMs: 200 });
    bench.server.does(json(200, { status: "ready" }));
    await client.check();
    expect(bench.server.seen[0]?.url).toBe("/readyz");
    bench.server.does(json(404, {}));
    await client.check();
    bench.server.does(json(503, { status: "not_ready" }));
    expect((await failure(client.check())).status).toBe(503);
    bench.server.does(hangUp);
    expect((await failure(client.check())).code).toBe("unreachable");
  });
});
