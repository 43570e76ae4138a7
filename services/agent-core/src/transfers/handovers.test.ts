import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { databases } from "../testing/databases.js";
import {
  newPhone,
  newTenant,
  type RunningAgentCore,
  startAgentCore,
} from "../testing/running.js";

const opened = z.object({ handoverId: z.uuid() });
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

describe.each(databases)("a handover on %s", (_name, databaseUrl) => {
  let core: RunningAgentCore;
  beforeAll(async () => {
    core = await startAgentCore({ databaseUrl: await databaseUrl() });
  });
  afterAll(() => core.close());

  const open = async (tenant: string, more: object = {}): Promise<string> => {
    const answer = await core.tool(tenant, "warm-transfer", {
      callId: "conversation-1",
      queue: "sales",
      channel: "whatsapp",
      until: inAnHour(),
      ...more,
    });
    expect(answer.status).toBe(200);
    return opened.parse(answer.body).handoverId;
  };
  const read = (tenant: string, id: string) =>
    core.send("GET", `/tools/handovers/${id}`, { tenant });
  const handBack = (tenant: string, id: string, body?: object) =>
    core.tool(tenant, `handovers/${id}/hand-back`, body ?? {});

  test("says who it is, why, and what was said so far; it is people's until they hand it back, with notes", async () => {
    const tenant = newTenant();
    const phone = newPhone();
    const until = inAnHour();
    const id = await open(tenant, {
      phone,
      userId: "RW.1",
      name: "Aline",
      reason: "a complaint",
      summary: "user (whatsapp): a human, please",
      until,
    });
    const handover = {
      handoverId: id,
      status: "with_human",
      channel: "whatsapp",
      queue: "sales",
      phone,
      userId: "RW.1",
      name: "Aline",
      reason: "a complaint",
      summary: "user (whatsapp): a human, please",
      notes: null,
      until,
    };
    expect((await read(tenant, id)).body.handover).toMatchObject(handover);
    const list = () => core.send("GET", "/tools/handovers", { tenant });
    expect((await list()).body).toMatchObject({ handovers: [handover] });
    const back = await handBack(tenant, id, { notes: "a refund is agreed" });
    expect(back).toMatchObject({
      status: 200,
      body: {
        handover: { status: "handed_back", notes: "a refund is agreed" },
      },
    });
    expect((await list()).body).toEqual({ handovers: [] });
    // The first word counts.
    expect((await handBack(tenant, id)).body).toEqual(back.body);
  });

  test("is over when its time is", async () => {
    const tenant = newTenant();
    const id = await open(tenant, { until: new Date(0).toISOString() });
    expect((await read(tenant, id)).body.handover).toMatchObject({
      status: "timed_out",
    });
    expect(
      (await core.send("GET", "/tools/handovers", { tenant })).body,
    ).toEqual({ handovers: [] });
  });

  test("is none when no time is given: a call is transferred, as ever", async () => {
    const tenant = newTenant();
    const { body } = await core.tool(tenant, "warm-transfer", {
      callId: "CA1",
      queue: "sales",
    });
    expect(Object.keys(body).sort()).toEqual(["queue", "to"]);
  });

  test("of another tenant is neither read nor handed back", async () => {
    const [own, other] = [newTenant(), newTenant()];
    const id = await open(own);
    for (const answer of [await read(other, id), await handBack(other, id)])
      expect(answer).toMatchObject({
        status: 403,
        body: { code: "wrong_tenant", errors: [{ field: "handoverId" }] },
      });
    expect((await read(own, id)).body.handover).toMatchObject({
      status: "with_human",
    });
  });

  test("that nobody opened is 404", async () => {
    const tenant = newTenant();
    const id = "00000000-0000-4000-8000-000000000000";
    for (const answer of [await read(tenant, id), await handBack(tenant, id)])
      expect(answer).toMatchObject({
        status: 404,
        body: { code: "unknown_handover" },
      });
  });
});
