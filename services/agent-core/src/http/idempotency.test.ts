import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ManualClock } from "@easymo/service-kit";
import { postgresUrl, until } from "@easymo/testbed";
import fc from "fast-check";
import pg from "pg";
import { databases } from "../testing/databases.js";
import {
  newPhone,
  newTenant,
  type RunningAgentCore,
  startAgentCore,
} from "../testing/running.js";
import { fingerprintOf, forgetOldKeys } from "./idempotency.js";

describe.each(databases)("a key on %s", (_name, databaseUrl) => {
  let core: RunningAgentCore;
  beforeAll(async () => {
    core = await startAgentCore({ databaseUrl: await databaseUrl() });
  });
  afterAll(() => core.close());

  const francs = {
    region: "rw",
    amount: 5_000,
    currency: "RWF",
    merchant: "123456",
  };
  const pay = (tenant: string, key: string, more: object = {}) =>
    core.tool(tenant, "collect-payment", { ...francs, ...more }, key);

  test("makes a repeat be answered with what was answered first", async () => {
    const tenant = newTenant();
    const first = await pay(tenant, "k");
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    const again = await pay(tenant, "k");
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(again.headers.get("content-type")).toContain("application/json");
    expect((await pay(tenant, "other")).body).not.toEqual(first.body);
  });

  test("replays what was, not what is", async () => {
    const tenant = newTenant();
    const phone = newPhone();
    const log = (name: string, key: string) =>
      core.tool(tenant, "log-lead", { phone, name }, key);
    await log("Aline", "one");
    await log("Berthe", "two");
    expect((await log("Aline", "one")).body.lead).toMatchObject({
      name: "Aline",
    });
    const now = await core.tool(tenant, "fetch-lead", { phone });
    expect(now.body.lead).toMatchObject({ name: "Berthe" });
  });

  test("is for one request: the same meaning repeats it, another one is refused", async () => {
    const tenant = newTenant();
    await pay(tenant, "k", { phone: "+250788123456" });
    const sameMeaning = await core.tool(
      tenant,
      "collect-payment",
      { phone: "0788 123 456", callId: null, ...francs },
      "k",
    );
    expect(sameMeaning.headers.get("idempotency-replayed")).toBe("true");
    expect(await pay(tenant, "k", { amount: 6_000 })).toMatchObject({
      status: 422,
      body: {
        code: "idempotency_mismatch",
        errors: [{ field: "Idempotency-Key" }],
      },
    });
  });

  test("is the tenant's and the route's own", async () => {
    const [one, other] = [newTenant(), newTenant()];
    const first = await pay(one, "k");
    const second = await pay(other, "k");
    expect(second.status).toBe(200);
    expect(second.body.paymentId).not.toBe(first.body.paymentId);
    const elsewhere = await core.tool(
      one,
      "warm-transfer",
      { callId: "CA", queue: "sales" },
      "k",
    );
    expect(elsewhere.status).toBe(200);
  });

  test("is not used up by a request that was refused", async () => {
    const tenant = newTenant();
    expect((await pay(tenant, "k", { amount: -1 })).status).toBe(400);
    expect((await pay(tenant, "k", { currency: "USD" })).status).toBe(422);
    const set = () =>
      core.tool(
        tenant,
        "set-disposition",
        { callId: `CA-${tenant}`, code: "sale" },
        "k",
      );
    expect((await set()).status).toBe(404);
    await core.tool(tenant, "create-call", {
      callId: `CA-${tenant}`,
      direction: "inbound",
      platform: "sip",
    });
    const afterwards = await set();
    expect(afterwards.status).toBe(200);
    expect(afterwards.headers.get("idempotency-replayed")).toBeNull();
    expect((await pay(tenant, "k")).status).toBe(200);
  });

  test("may be left out; then every request is its own", async () => {
    const tenant = newTenant();
    const pays = [1, 2].map(() => core.tool(tenant, "collect-payment", francs));
    const ids = (await Promise.all(pays)).map(({ body }) => body.paymentId);
    expect(new Set(ids).size).toBe(2);
  });

  test.each([
    ["is longer than 255 characters", "k".repeat(256)],
    ["has a space", "a b"],
    ["is not ASCII", "clé"],
    ["is empty", ""],
  ])("that %s is refused, naming the header", async (_what, key) => {
    expect(await pay(newTenant(), key)).toMatchObject({
      status: 400,
      body: { errors: [{ field: "Idempotency-Key" }] },
    });
  });

  test("is forgotten after a week, and not before", async () => {
    const tenant = newTenant();
    const first = await pay(tenant, "k");
    const day = 24 * 60 * 60 * 1_000;
    await forgetOldKeys(core.database, Date.now() + 6 * day);
    expect((await pay(tenant, "k")).body).toEqual(first.body);
    await forgetOldKeys(core.database, Date.now() + 8 * day);
    expect((await pay(tenant, "k")).body).not.toEqual(first.body);
  });
});

test("a request whose first is still under way elsewhere is told to come back", async () => {
  const url = await postgresUrl();
  const core = await startAgentCore({ databaseUrl: url });
  const elsewhere = new pg.Client({ connectionString: url });
  await elsewhere.connect();
  try {
    // Another replica's transaction has the key, and does not end.
    await elsewhere.query("begin");
    await elsewhere.query(
      "insert into idempotency_keys (tenant_id, route, key, fingerprint, created_at) values ('t', 'POST /tools/warm-transfer', 'k', 'f', now())",
    );
    const body = { callId: "CA1", queue: "sales" };
    const refused = await core.tool("t", "warm-transfer", body, "k");
    expect(refused).toMatchObject({
      status: 409,
      body: { code: "idempotency_in_flight", retryable: true },
    });
    expect(refused.headers.get("retry-after")).toBe("1");
    await elsewhere.query("rollback");
    const taken = await core.tool("t", "warm-transfer", body, "k");
    expect(taken.status).toBe(200);
  } finally {
    await elsewhere.end();
    await core.close();
  }
});

test("old keys are tidied away by the hour while the service runs", async () => {
  const clock = new ManualClock(Date.now());
  const core = await startAgentCore({ databaseUrl: "pglite:memory", clock });
  try {
    const body = { callId: "CA1", queue: "sales" };
    await core.tool("t", "warm-transfer", body, "k");
    const hour = 60 * 60 * 1_000;
    clock.advance(8 * 24 * hour);
    await until(async () => {
      clock.advance(hour);
      const { rows } = await core.database.query(
        "select key from idempotency_keys",
      );
      return rows.length === 0;
    });
  } finally {
    await core.close();
  }
});

describe("a fingerprint", () => {
  test("does not depend on the order of fields, or on fields that are not there", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (body) => {
        const reversed = Object.fromEntries(Object.entries(body).reverse());
        expect(fingerprintOf({ ...reversed, gone: undefined })).toBe(
          fingerprintOf(body),
        );
      }),
    );
  });

  test("differs when anything differs", () => {
    const different = [
      { a: 1 },
      { a: "1" },
      { a: [1] },
      { a: [1, 2] },
      { a: [2, 1] },
      { a: { b: 1 } },
      { a: null },
      { b: 1 },
      {},
    ];
    expect(new Set(different.map(fingerprintOf)).size).toBe(different.length);
  });
});
