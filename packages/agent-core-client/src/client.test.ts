import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  createLogger,
  ManualClock,
  systemClock,
  withRequestContext,
} from "@easymo/service-kit";
import { until } from "@easymo/testbed";
import { jwtVerify } from "jose";
import {
  garbage,
  halfAnAnswer,
  hangUp,
  json,
  MisbehavingServer,
  silence,
} from "./fixtures/misbehaving-server.js";
import {
  AgentCoreError,
  type AgentCoreClient,
  type AgentCoreClientOptions,
  createAgentCoreClient,
} from "./index.js";

const jwtSecret = "a secret for tests alone";
const lead = {
  leadId: "1c2d",
  phone: "+250788123456",
  userId: null,
  name: "Aline",
  language: "rw",
  tags: ["vip"],
  optedOut: false,
};
const unavailable = json(503, { code: "database_unavailable", title: "Away" });

let server: MisbehavingServer;
let baseUrl: string;
const clients: AgentCoreClient[] = [];

beforeEach(async () => {
  server = new MisbehavingServer();
  baseUrl = await server.start();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.stop();
});

function connect(
  options: Partial<AgentCoreClientOptions> = {},
): AgentCoreClient {
  const client = createAgentCoreClient({
    baseUrl,
    jwtSecret,
    timeoutMs: 2_000,
    retry: { firstDelayMs: 1, maxDelayMs: 5 },
    clock: systemClock,
    logger: createLogger({ name: "test", level: "silent" }),
    ...options,
  });
  clients.push(client);
  return client;
}

async function failure(call: Promise<unknown>): Promise<AgentCoreError> {
  const outcome = await call.catch((error: unknown) => error);
  if (outcome instanceof AgentCoreError) return outcome;
  throw new Error(`it did not fail as it should: ${JSON.stringify(outcome)}`);
}

describe("a request", () => {
  test("carries the tenant's token, the key, the request id and the trace", async () => {
    server.does(json(200, { lead }));
    const answer = await connect()
      .forTenant("kigali-parts", {
        requestId: "req-1",
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      })
      .logLead({ phone: "+250788123456" }, { idempotencyKey: "key-1" });
    expect(answer.lead).toEqual({ ...lead, optIn: null, source: null });
    const [seen] = server.seen;
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
      connect().forTenant("t").fetchLead({ userId: "u" }),
    );
    expect(server.seen[0]?.headers).toMatchObject({
      "x-request-id": "outer-7",
      traceparent,
    });
  });

  test("keeps one token per tenant until it is near its end", async () => {
    const clock = new ManualClock(Date.now());
    const client = connect({ clock });
    const tokens = async (tenant: string): Promise<string | undefined> => {
      await client.forTenant(tenant).fetchLead({ userId: "u" });
      return server.seen.at(-1)?.headers.authorization;
    };
    const first = await tokens("a");
    expect(await tokens("b")).not.toBe(first);
    clock.advance(200_000);
    expect(await tokens("a")).toBe(first);
    clock.advance(60_000);
    expect(await tokens("a")).not.toBe(first);
  });

  test("goes where the address and its path say, with everything encoded", async () => {
    const client = connect({ baseUrl: `${baseUrl}/api/` });
    server.does(json(200, { phone: "+250788123456", optedOut: false }));
    expect(await client.forTenant("t").optOut("+250788123456")).toEqual({
      phone: "+250788123456",
      optedOut: false,
      channel: undefined,
      at: undefined,
    });
    server.does(json(200, { leads: [], next: null }));
    await client.forTenant("t").leads({ limit: 5, after: "a&b" });
    expect(server.seen.map(({ url }) => url)).toEqual([
      "/api/opt-outs/%2B250788123456",
      "/api/tools/leads?limit=5&after=a%26b",
    ]);
  });
});

describe("a server in trouble", () => {
  test.each([
    ["answers 500", json(500, {}), "http_error"],
    ["answers 503", unavailable, "database_unavailable"],
    ["hangs up", hangUp, "unreachable"],
    ["answers with garbage", garbage, "not_json"],
  ])("that %s is asked again with the same key", async (_how, trouble) => {
    server.does(trouble, trouble, json(200, { lead }));
    const { lead: logged } = await connect()
      .forTenant("t")
      .logLead({ phone: lead.phone }, { idempotencyKey: "key-9" });
    expect(logged.leadId).toBe(lead.leadId);
    expect(
      server.seen.map(({ headers }) => headers["idempotency-key"]),
    ).toEqual(["key-9", "key-9", "key-9"]);
  });

  test.each([
    ["answers 500", json(500, {}), "http_error", 500],
    ["answers 503", unavailable, "database_unavailable", 503],
    ["hangs up", hangUp, "unreachable", undefined],
    ["answers with garbage", garbage, "not_json", 200],
  ])(
    "that only %s is given up after three times",
    async (_how, trouble, code, status) => {
      server.does(trouble);
      const error = await failure(
        connect().forTenant("t").fetchLead({ userId: "u" }),
      );
      expect(error).toMatchObject({ code, status, retryable: true });
      expect(server.seen).toHaveLength(3);
    },
  );

  test("that was away is reached once it is back", async () => {
    await server.stop();
    const client = connect({ circuit: { failures: 100 } });
    const error = await failure(
      client.forTenant("t").fetchLead({ userId: "u" }),
    );
    expect(error).toMatchObject({ code: "unreachable", retryable: true });
    expect(error.detail).toContain("ECONNREFUSED");
    server = new MisbehavingServer();
    await server.start(Number(new URL(baseUrl).port));
    expect(await client.forTenant("t").fetchLead({ userId: "u" })).toEqual({
      lead: null,
    });
  });

  test.each([
    ["never answers", silence],
    ["answers by half", halfAnAnswer],
  ])("that %s is left after timeoutMs", async (_how, trouble) => {
    server.does(trouble);
    const client = connect({ timeoutMs: 40, retry: { maxAttempts: 1 } });
    const startedMs = performance.now();
    const error = await failure(
      client.forTenant("t").fetchLead({ userId: "u" }),
    );
    expect(error).toMatchObject({ code: "timeout", retryable: true });
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });

  test("gets no more attempts than fit into totalTimeoutMs", async () => {
    server.does(silence);
    const clock = new ManualClock();
    const client = connect({ clock, timeoutMs: 400, totalTimeoutMs: 1_000 });
    const call = failure(client.forTenant("t").fetchLead({ userId: "u" }));
    let error: AgentCoreError | undefined;
    void call.then((one) => (error = one));
    await until(async () => {
      if (server.seen.length > 0) await clock.advanceAsync(50);
      return error;
    });
    expect(error?.code).toBe("timeout");
    expect(server.seen.length).toBeLessThanOrEqual(3);
    expect(clock.monotonicMs()).toBeLessThanOrEqual(1_100);
    expect(clock.pendingTimers).toBe(0);
  });

  test("that says when to come back is not asked before", async () => {
    const clock = new ManualClock();
    server.does(
      json(429, { code: "rate_limited" }, { "retry-after": "2" }),
      json(200, { lead }),
    );
    const client = connect({ clock, totalTimeoutMs: 5_000 });
    const call = client.forTenant("t").fetchLead({ userId: "u" });
    await until(() => clock.pendingTimers === 2 && server.seen.length === 1);
    await clock.advanceAsync(1_900);
    expect(server.seen).toHaveLength(1);
    await clock.advanceAsync(200);
    expect(await call).toMatchObject({ lead: { leadId: lead.leadId } });
  });

  test("that wants to be left alone for longer than there is time is not waited for", async () => {
    server.does(json(429, { code: "rate_limited" }, { "retry-after": "60" }));
    const error = await failure(
      connect().forTenant("t").fetchLead({ userId: "u" }),
    );
    expect(error).toMatchObject({
      code: "rate_limited",
      status: 429,
      retryable: true,
      retryAfterMs: 60_000,
    });
    expect(server.seen).toHaveLength(1);
  });

  test("that still works on the first of two equal requests is asked again", async () => {
    server.does(
      json(409, { code: "idempotency_in_flight" }, { "retry-after": "0" }),
      json(200, { lead }),
    );
    await connect()
      .forTenant("t")
      .logLead({ userId: "u" }, { idempotencyKey: "k" });
    expect(server.seen).toHaveLength(2);
  });
});

describe("a refusal", () => {
  test("is told once, with the server's code and fields", async () => {
    server.does(
      json(400, {
        code: "invalid_request",
        detail: "The body is wrong in: phone",
        errors: [{ field: "phone", message: "must be a phone number" }],
      }),
    );
    const error = await failure(
      connect().forTenant("t").logLead({ phone: "x" }, { idempotencyKey: "k" }),
    );
    expect(error).toMatchObject({
      code: "invalid_request",
      status: 400,
      retryable: false,
      detail: "The body is wrong in: phone",
      fields: [{ field: "phone", message: "must be a phone number" }],
    });
    expect(server.seen).toHaveLength(1);
  });

  test("of another shape than ours is a refusal all the same", async () => {
    server.does((response) => {
      response.writeHead(404, { "content-type": "text/plain" });
      response.end("nope");
    });
    expect(
      await failure(connect().forTenant("t").fetchLead({ userId: "u" })),
    ).toMatchObject({ code: "http_error", status: 404, retryable: false });
  });

  test("by a redirect does not take the token elsewhere", async () => {
    server.does((response) => {
      response.writeHead(307, { location: `${baseUrl}/elsewhere` });
      response.end();
    });
    expect(
      await failure(connect().forTenant("t").fetchLead({ userId: "u" })),
    ).toMatchObject({ status: 307, retryable: false });
    expect(server.seen).toHaveLength(1);
  });
});

describe("an answer", () => {
  test("of another shape than the contract's is an error that names the place", async () => {
    server.does(json(200, { lead: { ...lead, tags: "vip" } }));
    const error = await failure(
      connect().forTenant("t").fetchLead({ userId: "u" }),
    );
    expect(error).toMatchObject({ code: "bad_answer", retryable: false });
    expect(error.detail).toContain("lead.tags");
    expect(server.seen).toHaveLength(1);
  });

  test("may have more fields than we know", async () => {
    server.does(json(200, { lead: { ...lead, shoeSize: 41 }, more: true }));
    const answer = await connect().forTenant("t").fetchLead({ userId: "u" });
    expect(answer.lead?.name).toBe("Aline");
    expect(answer).not.toHaveProperty("more");
  });

  test("that does not end is cut off", async () => {
    server.does((response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(`"${"x".repeat(5 * 1024 * 1024)}"`);
    });
    expect(
      await failure(
        connect({ retry: { maxAttempts: 1 } })
          .forTenant("t")
          .fetchLead({ userId: "u" }),
      ),
    ).toMatchObject({ code: "not_json" });
  });
});

describe("the circuit", () => {
  const settings = {
    retry: { maxAttempts: 1 },
    circuit: { failures: 3, halfOpenAfterMs: 50 },
  };

  test("opens after failures in a row, and closes when the server is well again", async () => {
    const tenant = connect(settings).forTenant("t");
    const ask = () => tenant.fetchLead({ userId: "u" });
    server.does(json(500, {}));
    for (let count = 0; count < 3; count += 1) await failure(ask());
    expect(await failure(ask())).toMatchObject({
      code: "circuit_open",
      retryable: true,
    });
    expect(server.seen).toHaveLength(3);
    server.does(json(200, { lead: null }));
    await until(async () => (await ask()).lead === null);
    expect(server.seen).toHaveLength(4);
  });

  test("does not open because requests of ours are refused", async () => {
    const tenant = connect(settings).forTenant("t");
    server.does(json(404, { code: "unknown_call" }));
    for (let count = 0; count < 6; count += 1)
      expect(await failure(tenant.fetchLead({ userId: "u" }))).toMatchObject({
        code: "unknown_call",
      });
    expect(server.seen).toHaveLength(6);
  });
});

describe("giving up", () => {
  test("ends a request that its caller does not want any more", async () => {
    server.does(silence);
    const stop = new AbortController();
    const call = failure(
      connect().forTenant("t").fetchLead({ userId: "u" }, stop),
    );
    await until(() => server.seen.length === 1);
    stop.abort();
    expect(await call).toMatchObject({ code: "aborted", retryable: false });
  });

  test("ends everything when the client is closed", async () => {
    server.does(silence);
    const client = connect();
    const call = failure(client.forTenant("t").fetchLead({ userId: "u" }));
    await until(() => server.seen.length === 1);
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
    const client = connect({ timeoutMs: 200 });
    server.does(json(200, { status: "ready" }));
    await client.check();
    expect(server.seen[0]?.url).toBe("/readyz");
    server.does(json(404, {}));
    await client.check();
    server.does(json(503, { status: "not_ready" }));
    expect((await failure(client.check())).status).toBe(503);
    server.does(hangUp);
    expect((await failure(client.check())).code).toBe("unreachable");
  });
});
