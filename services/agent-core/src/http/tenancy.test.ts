import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { databases } from "../testing/databases.js";
import {
  newPhone,
  newTenant,
  type RunningAgentCore,
  startAgentCore,
} from "../testing/running.js";

const logged = z.object({ lead: z.object({ leadId: z.string() }) });

describe.each(databases)(
  "another tenant's data on %s",
  (_name, databaseUrl) => {
    let core: RunningAgentCore;
    const [own, other] = [newTenant(), newTenant()];
    const [callId, phone] = [`CA-${own}`, newPhone()];
    let leadId: string;
    beforeAll(async () => {
      core = await startAgentCore({ databaseUrl: await databaseUrl() });
      const { body } = await core.tool(own, "log-lead", {
        phone,
        userId: "wa-1",
        name: "Aline",
      });
      leadId = logged.parse(body).lead.leadId;
      await core.tool(own, "create-call", {
        callId,
        leadId,
        direction: "inbound",
        platform: "twilio",
      });
      await core.tool(own, "register-opt-out", { phone, channel: "voice" });
    });
    afterAll(() => core.close());

    const newCall = { direction: "inbound", platform: "twilio" };
    test.each([
      ["create-call", "callId", () => ({ callId, ...newCall })],
      [
        "create-call",
        "leadId",
        () => ({ callId: `CA-${other}`, leadId, ...newCall }),
      ],
      ["set-disposition", "callId", () => ({ callId, code: "completed" })],
      ["warm-transfer", "callId", () => ({ callId, queue: "sales" })],
      [
        "collect-payment",
        "callId",
        () => ({ callId, region: "ke", amount: 1, currency: "KES" }),
      ],
    ])("is not reached by %s: its %s is 403", async (tool, field, body) => {
      const answer = await core.tool(other, tool, body());
      expect(answer).toMatchObject({
        status: 403,
        body: { code: "wrong_tenant", errors: [{ field }] },
      });
      expect(answer.body.detail).not.toContain(own);
    });

    test("is not found by the number or id that both may know", async () => {
      const who = [{ phone }, { userId: "wa-1" }];
      for (const person of who) {
        const fetched = await core.tool(other, "fetch-lead", person);
        expect(fetched.body).toEqual({ lead: null });
      }
      const list = await core.send("GET", "/tools/leads", { tenant: other });
      expect(list.body).toEqual({ leads: [], next: null });
      const path = `/opt-outs/${encodeURIComponent(phone)}`;
      const status = await core.send("GET", path, { tenant: other });
      expect(status.body).toEqual({ phone, optedOut: false });
    });

    test("is not changed by what is said of the same person", async () => {
      const third = newTenant();
      const answer = await core.tool(third, "log-lead", {
        phone,
        userId: "wa-1",
        name: "Somebody",
        optIn: true,
      });
      expect(logged.parse(answer.body).lead.leadId).not.toBe(leadId);
      const mine = await core.tool(own, "fetch-lead", { phone });
      expect(mine.body.lead).toMatchObject({ name: "Aline", optedOut: true });
    });

    test("is not walked into by the cursor of another tenant's list", async () => {
      const walker = newTenant();
      for (const userId of ["a", "b"])
        await core.tool(walker, "log-lead", { userId });
      const { body } = await core.send("GET", "/tools/leads?limit=1", {
        tenant: walker,
      });
      const { next } = z.object({ next: z.string() }).parse(body);
      const answer = await core.send("GET", `/tools/leads?after=${next}`, {
        tenant: other,
      });
      expect(answer.body).toEqual({ leads: [], next: null });
    });

    const everyTool = [
      "fetch-lead",
      "log-lead",
      "create-call",
      "set-disposition",
      "register-opt-out",
      "collect-payment",
      "warm-transfer",
    ];
    test.each(everyTool)(
      "is not asked for by name: %s for another tenantId is 403",
      async (tool) => {
        for (const tenantId of [own, 7, null])
          expect(await core.tool(other, tool, { tenantId })).toMatchObject({
            status: 403,
            body: { code: "wrong_tenant", errors: [{ field: "tenantId" }] },
          });
      },
    );

    test("is not asked for by name in a query either", async () => {
      const ask = (tenantId: string) =>
        core.send("GET", `/tools/leads?tenantId=${tenantId}`, {
          tenant: other,
        });
      expect((await ask(own)).status).toBe(403);
      expect((await ask(other)).status).toBe(200);
    });

    test("a tenant may name itself", async () => {
      const answer = await core.tool(own, "fetch-lead", {
        tenantId: own,
        phone,
      });
      expect(answer.body.lead).toMatchObject({ leadId });
    });
  },
);
