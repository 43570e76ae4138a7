import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  type AgentCoreClient,
  createAgentCoreClient,
  dispositionCodes,
  externalAccount,
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

    test("goes from a wish to a purchase that is paid", async () => {
      const tenant = client.forTenant(newTenant());
      const phone = newPhone();
      let count = 0;
      const once = () => ({ idempotencyKey: `${phone}-${(count += 1)}` });

      const { vendor } = await tenant.putVendor(
        "v/1",
        {
          name: "Nyabugogo Moto",
          phone: newPhone(),
          area: "Nyabugogo",
          rating: 4.5,
          items: [{ name: "Brake pads", price: 5_000, currency: "RWF" }],
        },
        once(),
      );
      expect(vendor).toMatchObject({ vendorId: "v/1", responseSeconds: null });
      expect(await tenant.vendors({ limit: 5 })).toEqual({
        vendors: [vendor],
        next: null,
      });
      const { buyer } = await tenant.registerBuyer(
        { phone, name: "Aline" },
        once(),
      );
      expect(buyer).toMatchObject({ phone, name: "Aline", optedOut: false });
      const { buyerId } = buyer;
      const wish = {
        intentId: "i-1",
        name: "order",
        slots: { item: "brake pads" },
      };
      const { intent } = await tenant.addIntent(
        buyerId,
        { ...wish, channel: "whatsapp" },
        once(),
      );
      expect(intent).toMatchObject(wish);
      const ranking = await tenant.rank({ ...wish, contact: phone }, once());
      expect(ranking.candidates).toMatchObject([
        { vendorId: "v/1", price: 5_000, item: "Brake pads" },
      ]);
      expect(
        await tenant.addRanking(
          buyerId,
          { ...ranking, intentId: "i-1" },
          once(),
        ),
      ).toEqual({ accepted: true });
      const price = { amount: 5_000, currency: "RWF" };
      const { transaction } = await tenant.transfer(
        { from: externalAccount, to: buyerId, ...price, memo: "MoMo" },
        once(),
      );
      expect(transaction).toMatchObject({ to: buyerId, memo: "MoMo" });
      const held = await tenant.reserve(
        { buyerId, intentId: "i-1", ...price },
        once(),
      );
      const { reservationId } = held.reservation;
      const { purchase } = await tenant.recordPurchase(
        { buyerId, intentId: "i-1", vendorId: "v/1", ...price, reservationId },
        once(),
      );
      expect(purchase).toMatchObject({ reservationId, paidAt: null });
      const paid = await tenant.captureReservation(reservationId, {}, once());
      expect(paid.reservation).toMatchObject({
        status: "captured",
        capturedTo: "v/1",
      });
      const other = await tenant.transfer(
        { from: externalAccount, to: buyerId, ...price },
        once(),
      );
      expect(other.transaction.transactionId).not.toBe(
        transaction.transactionId,
      );
      const again = await tenant.reserve(
        { buyerId, intentId: "i-2", ...price },
        once(),
      );
      expect(
        await tenant.releaseReservation(
          again.reservation.reservationId,
          once(),
        ),
      ).toMatchObject({ reservation: { status: "released" } });
      expect(await tenant.account("v/1", { limit: 1 })).toMatchObject({
        account: { id: "v/1", balance: 5_000, reserved: 0, currency: "RWF" },
        entries: [{ amount: 5_000, counterparty: buyerId }],
        next: null,
      });
      const { conversation } = await tenant.saveConversation(
        buyerId,
        { summary: "Bought brake pads", channels: ["whatsapp"] },
        once(),
      );
      const context = await tenant.buyerContext(buyerId);
      expect(context).toMatchObject({
        buyer,
        intents: [wish],
        rankings: [{ rankingId: ranking.rankingId }],
        purchases: [{ purchaseId: purchase.purchaseId }],
        conversation,
      });
      expect(context.purchases[0]?.paidAt).not.toBeNull();
    });

    test("is told why money stays where it is", async () => {
      const tenant = client.forTenant(newTenant());
      await expect(
        tenant.reserve(
          {
            buyerId: "nobody",
            intentId: "i",
            amount: 1,
            currency: "RWF",
          },
          { idempotencyKey: "k" },
        ),
      ).rejects.toMatchObject({
        code: "insufficient_funds",
        status: 409,
        retryable: false,
      });
      await expect(tenant.account("nobody")).rejects.toMatchObject({
        code: "unknown_account",
        status: 404,
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
