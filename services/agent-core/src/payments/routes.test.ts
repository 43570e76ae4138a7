import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { databases } from "../testing/databases.js";
import {
  newPhone,
  newTenant,
  type RunningAgentCore,
  startAgentCore,
} from "../testing/running.js";

describe.each(databases)("collecting a payment on %s", (_name, databaseUrl) => {
  let core: RunningAgentCore;
  beforeAll(async () => {
    core = await startAgentCore({
      databaseUrl: await databaseUrl(),
      env: { MOMO_MERCHANTS: "rich=777777" },
    });
  });
  afterAll(() => core.close());

  const francs = { region: "rw", amount: 5_000, currency: "RWF" };

  async function kept(tenant: string): Promise<readonly unknown[]> {
    const { rows } = await core.database.query(
      "select call_id, phone, region, amount::text, currency, merchant, method, ussd, url from payments where tenant_id = $1",
      [tenant],
    );
    return rows;
  }

  test("answers with the code to dial, and keeps it", async () => {
    const tenant = newTenant();
    const phone = newPhone();
    const answer = await core.tool(tenant, "collect-payment", {
      ...francs,
      region: "RW",
      merchant: "123456",
      phone,
      callId: `CA-${tenant}`,
    });
    expect(answer).toMatchObject({
      status: 200,
      body: { method: "momo_ussd", ussd: "*182*8*1*123456*5000#" },
    });
    expect(answer.body.paymentId).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.body).not.toHaveProperty("url");
    expect(await kept(tenant)).toEqual([
      {
        call_id: `CA-${tenant}`,
        phone,
        region: "rw",
        amount: "5000",
        currency: "RWF",
        merchant: "123456",
        method: "momo_ussd",
        ussd: "*182*8*1*123456*5000#",
        url: null,
      },
    ]);
  });

  test("pays the tenant's own merchant, and never another tenant's", async () => {
    const rich = await core.tool("rich", "collect-payment", francs);
    expect(rich.body.ussd).toBe("*182*8*1*777777*5000#");
    const tenant = newTenant();
    const poor = await core.tool(tenant, "collect-payment", francs);
    expect(poor.body.ussd).toBe("*182*8*1*000000*5000#");
  });

  test("gives a link in Malta and a promise elsewhere, the largest amount included", async () => {
    const tenant = newTenant();
    const amount = Number.MAX_SAFE_INTEGER;
    const malta = await core.tool(tenant, "collect-payment", {
      region: "mt",
      amount,
      currency: "EUR",
    });
    expect(malta.body.method).toBe("payment_link");
    expect(malta.body.url).toBe(
      `https://pay.example/p/${String(malta.body.paymentId)}`,
    );
    const kenya = await core.tool(tenant, "collect-payment", {
      region: "ke",
      amount,
      currency: "KES",
    });
    expect(kenya.body.method).toBe("manual");
    expect(await kept(tenant)).toMatchObject([
      { amount: String(amount) },
      { amount: String(amount) },
    ]);
  });

  test("refuses dollars by MoMo, naming the field", async () => {
    const answer = await core.tool(newTenant(), "collect-payment", {
      ...francs,
      currency: "USD",
      merchant: "123456",
    });
    expect(answer).toMatchObject({
      status: 422,
      body: { code: "currency_not_supported", errors: [{ field: "currency" }] },
    });
  });

  test("works for someone who opted out: they are on the line and asked", async () => {
    const tenant = newTenant();
    const phone = newPhone();
    await core.tool(tenant, "register-opt-out", { phone, channel: "voice" });
    const answer = await core.tool(tenant, "collect-payment", {
      ...francs,
      merchant: "123456",
      phone,
    });
    expect(answer.status).toBe(200);
  });

  test("makes one payment of fifty requests with one key", async () => {
    const tenant = newTenant();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        core.tool(
          tenant,
          "collect-payment",
          { ...francs, merchant: "123456" },
          "pay-once",
        ),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(
      Array.from({ length: 50 }, () => 200),
    );
    expect(new Set(answers.map(({ body }) => body.paymentId)).size).toBe(1);
    const replayed = answers.filter(
      ({ headers }) => headers.get("idempotency-replayed") === "true",
    );
    expect(replayed).toHaveLength(49);
    expect(await kept(tenant)).toHaveLength(1);
  });
});
