import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { databases } from "../testing/databases.js";
import {
  newPhone,
  newTenant,
  type RunningAgentCore,
  startAgentCore,
} from "../testing/running.js";

describe.each(databases)("calls on %s", (_name, databaseUrl) => {
  let core: RunningAgentCore;
  beforeAll(async () => {
    core = await startAgentCore({ databaseUrl: await databaseUrl() });
  });
  afterAll(() => core.close());

  const call = (tenant: string, more: object = {}) => ({
    callId: `CA-${tenant}`,
    direction: "inbound",
    platform: "twilio",
    ...more,
  });

  test("a call is recorded once per callId, and completed by what comes later", async () => {
    const tenant = newTenant();
    const first = await core.tool(tenant, "create-call", call(tenant));
    expect(first).toMatchObject({
      status: 200,
      body: {
        call: {
          callId: `CA-${tenant}`,
          leadId: null,
          direction: "inbound",
          platform: "twilio",
          region: null,
          disposition: null,
        },
      },
    });
    const logged = await core.tool(tenant, "log-lead", { phone: newPhone() });
    const { leadId } = z.object({ leadId: z.string() }).parse(logged.body.lead);
    const second = await core.tool(
      tenant,
      "create-call",
      call(tenant, { leadId, region: "rw" }),
    );
    expect(second.body.call).toMatchObject({ leadId, region: "rw" });
    const third = await core.tool(
      tenant,
      "create-call",
      call(tenant, { region: "mt" }),
    );
    expect(third.body.call).toEqual(second.body.call);
  });

  test("a call that is told otherwise is a conflict that names the field", async () => {
    const tenant = newTenant();
    await core.tool(tenant, "create-call", call(tenant));
    const answer = await core.tool(
      tenant,
      "create-call",
      call(tenant, { direction: "outbound", region: "rw" }),
    );
    expect(answer).toMatchObject({
      status: 409,
      body: { code: "call_conflict", errors: [{ field: "direction" }] },
    });
    const after = await core.tool(tenant, "create-call", call(tenant));
    expect(after.body.call).toMatchObject({ region: null });
  });

  test("fifty records of one call at once are one call", async () => {
    const tenant = newTenant();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        core.tool(tenant, "create-call", call(tenant)),
      ),
    );
    expect(
      new Set(
        answers.map(({ status, body }) => JSON.stringify({ status, body })),
      ).size,
    ).toBe(1);
    const { rows } = await core.database.query(
      "select call_id from calls where tenant_id = $1",
      [tenant],
    );
    expect(rows).toHaveLength(1);
  });

  test("a call for a lead that nobody knows is refused", async () => {
    const tenant = newTenant();
    const answer = await core.tool(
      tenant,
      "create-call",
      call(tenant, { leadId: "7f1f7cb4-33d2-4a5e-9d52-0a3a0b9a3f11" }),
    );
    expect(answer).toMatchObject({
      status: 404,
      body: { code: "unknown_lead", errors: [{ field: "leadId" }] },
    });
  });

  test("a disposition is set on a call that is recorded, and replaced by a later one", async () => {
    const tenant = newTenant();
    const set = (body: object) => core.tool(tenant, "set-disposition", body);
    const callId = `CA-${tenant}`;
    expect(await set({ callId, code: "interested" })).toMatchObject({
      status: 404,
      body: { code: "unknown_call", errors: [{ field: "callId" }] },
    });
    await core.tool(tenant, "create-call", call(tenant));
    const first = await set({ callId, code: "interested", notes: "brakes" });
    expect(first.body.call).toMatchObject({
      disposition: { code: "interested", notes: "brakes" },
    });
    const second = await set({ callId, code: "transferred" });
    expect(second.body.call).toMatchObject({
      disposition: { code: "transferred", notes: null },
    });
  });

  test("a call is handed over to a queue, recorded or not, and the hand-over is kept", async () => {
    const tenant = newTenant();
    const callId = `CA-${tenant}`;
    const transfer = (queue: string) =>
      core.tool(tenant, "warm-transfer", { callId, queue });
    expect(await transfer("sales")).toMatchObject({
      status: 200,
      body: { queue: "sales", to: "+250788000009" },
    });
    expect(await transfer("repairs")).toMatchObject({
      status: 200,
      body: { queue: "repairs", to: "queue:repairs" },
    });
    const { rows } = await core.database.query(
      "select call_id, queue, target from transfers where tenant_id = $1",
      [tenant],
    );
    expect(rows).toEqual([
      { call_id: callId, queue: "sales", target: "+250788000009" },
      { call_id: callId, queue: "repairs", target: "queue:repairs" },
    ]);
  });
});

test("a tenant's own queue comes before everyone's, and is nobody else's", async () => {
  const core = await startAgentCore({
    databaseUrl: "pglite:memory",
    env: { TRANSFER_QUEUES: "sales=+250788000009,own/sales=0788000010" },
  });
  try {
    const body = { callId: "CA1", queue: "sales" };
    const own = await core.tool("own", "warm-transfer", body);
    expect(own.body.to).toBe("+250788000010");
    const other = await core.tool("other", "warm-transfer", body);
    expect(other.body.to).toBe("+250788000009");
    const reach = await core.tool("other", "warm-transfer", {
      callId: "CA1",
      queue: "own/sales",
    });
    expect(reach).toMatchObject({
      status: 400,
      body: { errors: [{ field: "queue" }] },
    });
  } finally {
    await core.close();
  }
});
