import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { databases } from "../testing/databases.js";
import {
  newPhone,
  newTenant,
  type RunningAgentCore,
  startAgentCore,
} from "../testing/running.js";

describe.each(databases)("the opt-out registry on %s", (_name, databaseUrl) => {
  let core: RunningAgentCore;
  beforeAll(async () => {
    core = await startAgentCore({ databaseUrl: await databaseUrl() });
  });
  afterAll(() => core.close());

  async function optOut(tenant: string, body: object): Promise<unknown> {
    const answer = await core.tool(tenant, "register-opt-out", body);
    expect(answer.status).toBe(200);
    return answer.body.optOut;
  }
  async function status(tenant: string, phone: string): Promise<unknown> {
    const path = `/opt-outs/${encodeURIComponent(phone)}`;
    const answer = await core.send("GET", path, { tenant });
    expect(answer.status).toBe(200);
    return answer.body;
  }
  async function optedOut(tenant: string, who: object): Promise<unknown> {
    const { body } = await core.tool(tenant, "log-lead", who);
    return body;
  }
  async function counted(channel: string): Promise<number> {
    const text = await (await fetch(`${core.url}/metrics`)).text();
    const line = new RegExp(
      `^easymo_opt_outs_total\\{channel="${channel}"\\} (\\d+)$`,
      "m",
    );
    return Number(line.exec(text)?.[1]);
  }

  test("does not have who never said so", async () => {
    const phone = newPhone();
    expect(await status(newTenant(), phone)).toEqual({
      phone,
      optedOut: false,
    });
  });

  test("has a number from then on, however it is written, and for this tenant only", async () => {
    const tenant = newTenant();
    const entry = await optOut(tenant, {
      phone: "0788 999 001",
      channel: "voice",
      reason: "stop calling me",
    });
    expect(entry).toEqual({
      phone: "+250788999001",
      userId: null,
      channel: "voice",
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
    for (const phone of ["+250788999001", "0788999001", "250788999001"])
      expect(await status(tenant, phone)).toMatchObject({
        phone: "+250788999001",
        optedOut: true,
        channel: "voice",
      });
    expect(await status(newTenant(), "+250788999001")).toMatchObject({
      optedOut: false,
    });
  });

  test("has a person once: who says it again stays as they were, and is counted once", async () => {
    const tenant = newTenant();
    const phone = newPhone();
    const [voice, whatsapp] = [
      await counted("voice"),
      await counted("whatsapp"),
    ];
    const first = await optOut(tenant, { phone, channel: "voice" });
    const again = await optOut(tenant, { phone, channel: "whatsapp" });
    expect(again).toEqual(first);
    expect(await counted("voice")).toBe(voice + 1);
    expect(await counted("whatsapp")).toBe(whatsapp);
  });

  test("has a person once though thirty say it at once", async () => {
    // More than once: the first round opens the pool's connections, the others find them open and really meet.
    for (let round = 0; round < 5; round += 1) {
      const tenant = newTenant();
      const who = { phone: newPhone(), userId: "wa-30" };
      const before = await counted("sip");
      const entries = await Promise.all(
        Array.from({ length: 30 }, () =>
          optOut(tenant, { ...who, channel: "sip" }),
        ),
      );
      const different = new Set(entries.map((entry) => JSON.stringify(entry)));
      expect(different.size).toBe(1);
      expect(await counted("sip")).toBe(before + 1);
      const { rows } = await core.database.query(
        "select kind from opt_outs where tenant_id = $1 order by kind",
        [tenant],
      );
      expect(rows).toEqual([{ kind: "phone" }, { kind: "user" }]);
    }
  });

  test("covers everything that the person is known by, known before or after", async () => {
    const tenant = newTenant();
    const [phone, later] = [newPhone(), newPhone()];
    await optedOut(tenant, { phone, userId: "wa-1" });
    await optOut(tenant, { userId: "wa-1", channel: "whatsapp" });
    expect(await status(tenant, phone)).toMatchObject({
      optedOut: true,
      channel: "whatsapp",
    });
    expect(
      await optedOut(tenant, { userId: "wa-1", phone: later }),
    ).toMatchObject({ lead: { optedOut: true, optIn: false } });
    expect(await status(tenant, later)).toMatchObject({ optedOut: true });
    const list = await core.send("GET", "/tools/leads", { tenant });
    expect(list.body.leads).toMatchObject([{ optedOut: true }]);
  });

  test("is left by opting in, and by nothing else, with its history kept", async () => {
    const tenant = newTenant();
    const phone = newPhone();
    await optOut(tenant, { phone, channel: "voice" });
    for (const body of [
      { phone, name: "Aline" },
      { phone, optIn: false },
      { phone, optIn: null },
    ])
      expect(await optedOut(tenant, body)).toMatchObject({
        lead: { optedOut: true },
      });
    expect(
      await optedOut(tenant, { phone, optIn: true, source: "START" }),
    ).toMatchObject({ lead: { optedOut: false, optIn: true } });
    expect(await status(tenant, phone)).toEqual({ phone, optedOut: false });
    await optOut(tenant, { phone, channel: "whatsapp" });
    expect(await status(tenant, phone)).toMatchObject({ channel: "whatsapp" });
    const { rows } = await core.database.query(
      "select channel, ended_by from opt_outs where tenant_id = $1 order by at",
      [tenant],
    );
    expect(rows).toEqual([
      { channel: "voice", ended_by: "START" },
      { channel: "whatsapp", ended_by: null },
    ]);
  });
});
