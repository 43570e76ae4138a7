import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  type AgentCoreClient,
  createAgentCoreClient,
  dispositionCodes,
  optOutChannels,
} from "@easymo/agent-core-client";
import { createLogger, systemClock } from "@easymo/service-kit";
import { dispositionCodes as ownDispositionCodes } from "./calls/fields.js";
import { databases } from "./testing/databases.js";
import {
  jwtSecret,
  newPhone,
  newTenant,
  type RunningAgentCore,
  startAgentCore,
} from "./testing/running.js";
import { optOutChannels as ownOptOutChannels } from "./opt-outs/routes.js";

describe.each(databases)(
  "the client with the service on %s",
  (_name, databaseUrl) => {
    let core: RunningAgentCore;
    let client: AgentCoreClient;
    beforeAll(async () => {
      core = await startAgentCore({ databaseUrl: await databaseUrl() });
      client = createAgentCoreClient({
        baseUrl: core.url,
        jwtSecret,
        clock: systemClock,
        logger: createLogger({ name: "test", level: "silent" }),
      });
    });
    afterAll(async () => {
      client.close();
      await core.close();
    });

    test("goes through a whole call", async () => {
      await client.check();
      const tenant = client.forTenant(newTenant());
      const phone = newPhone();
      const callId = `CA-${phone}`;
      let count = 0;
      const once = () => ({ idempotencyKey: `${callId}-${(count += 1)}` });

      expect(await tenant.fetchLead({ phone })).toEqual({ lead: null });
      const { lead } = await tenant.logLead(
        { phone, name: "Aline", tags: ["moto"], optIn: true },
        once(),
      );
      expect(lead).toEqual({
        leadId: lead.leadId,
        phone,
        userId: null,
        name: "Aline",
        language: null,
        tags: ["moto"],
        optedOut: false,
        optIn: true,
        source: null,
        lastChannel: null,
      });
      expect(await tenant.fetchLead({ phone })).toEqual({ lead });
      const { call } = await tenant.createCall(
        {
          callId,
          leadId: lead.leadId,
          direction: "inbound",
          platform: "twilio",
          region: "rw",
        },
        once(),
      );
      expect(call).toMatchObject({ callId, leadId: lead.leadId, region: "rw" });
      expect(
        await tenant.collectPayment(
          {
            callId,
            phone,
            region: "rw",
            amount: 5_000,
            currency: "RWF",
            merchant: "123456",
          },
          once(),
        ),
      ).toMatchObject({ method: "momo_ussd", ussd: "*182*8*1*123456*5000#" });
      expect(
        await tenant.warmTransfer({ callId, queue: "sales" }, once()),
      ).toEqual({ queue: "sales", to: "+250788000009" });
      expect(
        await tenant.setDisposition({ callId, code: "transferred" }, once()),
      ).toMatchObject({
        call: { disposition: { code: "transferred", notes: null } },
      });
      const { optOut } = await tenant.registerOptOut(
        { phone, channel: "voice" },
        once(),
      );
      expect(await tenant.optOut(phone)).toEqual({
        phone,
        optedOut: true,
        channel: "voice",
        at: optOut.at,
      });
      const page = await tenant.leads({ limit: 10 });
      expect(page).toMatchObject({
        leads: [{ leadId: lead.leadId, optedOut: true, optIn: false }],
        next: null,
      });
    });

    test("gets the service's refusals with code and field", async () => {
      const tenant = client.forTenant(newTenant());
      await expect(
        tenant.setDisposition(
          { callId: "nobody's", code: "sale" },
          { idempotencyKey: "k" },
        ),
      ).rejects.toMatchObject({
        code: "unknown_call",
        status: 404,
        retryable: false,
        fields: [{ field: "callId" }],
      });
      await expect(tenant.optOut("nobody")).rejects.toMatchObject({
        code: "invalid_request",
        fields: [{ field: "phone" }],
      });
    });

    test("with another secret is nobody", async () => {
      const stranger = createAgentCoreClient({
        baseUrl: core.url,
        jwtSecret: "another secret",
        clock: systemClock,
        logger: createLogger({ name: "test", level: "silent" }),
      });
      await expect(
        stranger.forTenant("t").fetchLead({ userId: "u" }),
      ).rejects.toMatchObject({ code: "unauthorized", status: 401 });
      stranger.close();
    });
  },
);

test("client and service have the same words", () => {
  expect(dispositionCodes).toEqual(ownDispositionCodes);
  expect(optOutChannels).toEqual(ownOptOutChannels);
});
