import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ManualClock } from "@easymo/service-kit";
import { until } from "@easymo/testbed";
import type { AgentCoreError } from "./index.js";
import { Bench, failure, lead } from "./testing/bench.js";
import {
  garbage,
  halfAnAnswer,
  hangUp,
  json,
  MisbehavingServer,
  silence,
} from "./testing/misbehaving-server.js";

const unavailable = json(503, { code: "database_unavailable", title: "Away" });

const bench = new Bench();
beforeEach(() => bench.start());
afterEach(() => bench.stop());

describe("a server in trouble", () => {
  test.each([
    ["answers 500", json(500, {}), "http_error"],
    ["answers 503", unavailable, "database_unavailable"],
    ["hangs up", hangUp, "unreachable"],
    ["answers with garbage", garbage, "not_json"],
  ])("that %s is asked again with the same key", async (_how, trouble) => {
    bench.server.does(trouble, trouble, json(200, { lead }));
    const { lead: logged } = await bench
      .connect()
      .forTenant("t")
      .logLead({ phone: lead.phone }, { idempotencyKey: "key-9" });
    expect(logged.leadId).toBe(lead.leadId);
    expect(
      bench.server.seen.map(({ headers }) => headers["idempotency-key"]),
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
      bench.server.does(trouble);
      const error = await failure(
        bench.connect().forTenant("t").fetchLead({ userId: "u" }),
      );
      expect(error).toMatchObject({ code, status, retryable: true });
      expect(bench.server.seen).toHaveLength(3);
    },
  );

  test("that was away is reached once it is back", async () => {
    await bench.server.stop();
    const client = bench.connect({ circuit: { failures: 100 } });
    const error = await failure(
      client.forTenant("t").fetchLead({ userId: "u" }),
    );
    expect(error).toMatchObject({ code: "unreachable", retryable: true });
    expect(error.detail).toContain("ECONNREFUSED");
    bench.server = new MisbehavingServer();
    await bench.server.start(Number(new URL(bench.baseUrl).port));
    expect(await client.forTenant("t").fetchLead({ userId: "u" })).toEqual({
      lead: null,
    });
  });

  test.each([
    ["never answers", silence],
    ["answers by half", halfAnAnswer],
  ])("that %s is left after timeoutMs", async (_how, trouble) => {
    bench.server.does(trouble);
    const client = bench.connect({ timeoutMs: 40, retry: { maxAttempts: 1 } });
    const startedMs = performance.now();
    const error = await failure(
      client.forTenant("t").fetchLead({ userId: "u" }),
    );
    expect(error).toMatchObject({ code: "timeout", retryable: true });
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  test("gets no more attempts than fit into totalTimeoutMs", async () => {
    bench.server.does(silence);
    const clock = new ManualClock();
    const client = bench.connect({
      clock,
      timeoutMs: 400,
      totalTimeoutMs: 1_000,
    });
    const call = failure(client.forTenant("t").fetchLead({ userId: "u" }));
    let error: AgentCoreError | undefined;
    void call.then((one) => (error = one));
    await until(async () => {
      if (bench.server.seen.length > 0) await clock.advanceAsync(50);
      return error;
    });
    expect(error?.code).toBe("timeout");
    expect(bench.server.seen.length).toBeLessThanOrEqual(3);
    expect(clock.monotonicMs()).toBeLessThanOrEqual(1_100);
    expect(clock.pendingTimers).toBe(0);
  });

  test("that says when to come back is not asked before", async () => {
    const clock = new ManualClock();
    bench.server.does(
      json(429, { code: "rate_limited" }, { "retry-after": "2" }),
      json(200, { lead }),
    );
    const client = bench.connect({ clock, totalTimeoutMs: 5_000 });
    const call = client.forTenant("t").fetchLead({ userId: "u" });
    await until(
      () => clock.pendingTimers === 2 && bench.server.seen.length === 1,
    );
    await clock.advanceAsync(1_900);
    expect(bench.server.seen).toHaveLength(1);
    await clock.advanceAsync(200);
    expect(await call).toMatchObject({ lead: { leadId: lead.leadId } });
  });

  test("that wants to be left alone for longer than there is time is not waited for", async () => {
    bench.server.does(
      json(429, { code: "rate_limited" }, { "retry-after": "60" }),
    );
    const error = await failure(
      bench.connect().forTenant("t").fetchLead({ userId: "u" }),
    );
    expect(error).toMatchObject({
      code: "rate_limited",
      status: 429,
      retryable: true,
      retryAfterMs: 60_000,
    });
    expect(bench.server.seen).toHaveLength(1);
  });

  test("that still works on the first of two equal requests is asked again", async () => {
    bench.server.does(
      json(409, { code: "idempotency_in_flight" }, { "retry-after": "0" }),
      json(200, { lead }),
    );
    await bench
      .connect()
      .forTenant("t")
      .logLead({ userId: "u" }, { idempotencyKey: "k" });
    expect(bench.server.seen).toHaveLength(2);
  });
});

describe("the circuit", () => {
  const settings = {
    retry: { maxAttempts: 1 },
    circuit: { failures: 3, halfOpenAfterMs: 50 },
  };

  test("opens after failures in a row, and closes when the server is well again", async () => {
    const tenant = bench.connect(settings).forTenant("t");
    const ask = () => tenant.fetchLead({ userId: "u" });
    bench.server.does(json(500, {}));
    for (let count = 0; count < 3; count += 1) await failure(ask());
    expect(await failure(ask())).toMatchObject({
      code: "circuit_open",
      retryable: true,
    });
    expect(bench.server.seen).toHaveLength(3);
    bench.server.does(json(200, { lead: null }));
    await until(async () => (await ask()).lead === null);
    expect(bench.server.seen).toHaveLength(4);
  });

  test("does not open because requests of ours are refused", async () => {
    const tenant = bench.connect(settings).forTenant("t");
    bench.server.does(json(404, { code: "unknown_call" }));
    for (let count = 0; count < 6; count += 1)
      expect(await failure(tenant.fetchLead({ userId: "u" }))).toMatchObject({
        code: "unknown_call",
      });
    expect(bench.server.seen).toHaveLength(6);
  });
});
