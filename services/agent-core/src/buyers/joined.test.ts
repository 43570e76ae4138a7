import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ManualClock } from "@easymo/service-kit";
import { auditOf } from "../testing/audit.js";
import { databases } from "../testing/databases.js";
import { People } from "../testing/people.js";
import {
  newPhone,
  newTenant,
  type RunningAgentCore,
  startAgentCore,
} from "../testing/running.js";
import { Wallet } from "../testing/wallet.js";

const candidate = {
  vendorId: "v-1",
  name: "Moto Parts",
  score: 0.9,
  price: 5_000,
  currency: "RWF",
  reasons: ["Costs 5,000 RWF"],
};

describe.each(databases)("buyers on %s", (_name, databaseUrl) => {
  let core: RunningAgentCore;
  const clock = new ManualClock(Date.UTC(2026, 5, 1, 12));
  beforeAll(async () => {
    core = await startAgentCore({ databaseUrl: await databaseUrl(), clock });
  });
  afterAll(() => core.close());

  const people = (): People => new People(core, newTenant());

  describe("that turn out to be one person", () => {
    test("have one context, under either id", async () => {
      const of = people();
      const phone = newPhone();
      const first = await of.buyer({ phone, name: "Aline" });
      clock.advance(1);
      const second = await of.buyer({ userId: "wa-1" });
      await of.intent(first, "i-1");
      clock.advance(1);
      await of.intent(second, "i-2");
      for (const buyerId of [first, second])
        await of.post(`/buyers/${buyerId}/rankings`, {
          intentId: "i-1",
          rankingId: "r-1",
          candidates: [candidate],
        });
      await of.put(`/buyers/${first}/conversation`, { summary: "older" });
      clock.advance(1);
      await of.put(`/buyers/${second}/conversation`, { summary: "newer" });
      expect(await of.buyer({ phone, userId: "wa-1" })).toBe(first);
      for (const buyerId of [first, second])
        expect(await of.context(buyerId)).toMatchObject({
          buyer: { buyerId: first, phone, userId: "wa-1", name: "Aline" },
          intents: [{ intentId: "i-2" }, { intentId: "i-1" }],
          rankings: [{ rankingId: "r-1" }],
          conversation: { summary: "newer" },
        });
    });

    test("have one account, with everything that was in both and held of both", async () => {
      const of = people();
      const wallet = new Wallet(core, of.tenant);
      const phone = newPhone();
      const first = await of.buyer({ phone });
      clock.advance(1);
      const second = await of.buyer({ userId: "wa-1" });
      await wallet.transfer("external", first, 3_000);
      await wallet.transfer("external", second, 5_000);
      const held = await wallet.reserve(second, 4_500);
      const gone = await wallet.reserve(second, 500);
      await wallet.release(gone.reservationId);
      await of.buyer({ phone, userId: "wa-1" });
      for (const id of [first, second])
        expect((await wallet.account(id)).body.account).toMatchObject({
          id: first,
          balance: 8_000,
          reserved: 4_500,
        });
      const paid = await wallet.capture(held.reservationId, { to: "shop" });
      expect(paid).toMatchObject({
        status: 200,
        body: { reservation: { buyerId: first, status: "captured" } },
      });
      expect((await wallet.transfer("external", second, 1)).body).toMatchObject(
        { transaction: { to: first } },
      );
      expect(await auditOf(core.database, of.tenant)).toMatchObject({
        unbalanced: [],
        wrongSums: [],
        belowLimit: [],
      });
    });

    test("keep accounts in different currencies apart", async () => {
      const of = people();
      const wallet = new Wallet(core, of.tenant);
      const phone = newPhone();
      const first = await of.buyer({ phone });
      clock.advance(1);
      const second = await of.buyer({ userId: "wa-1" });
      await wallet.transfer("external", first, 3_000);
      await wallet.transfer("external", second, 500, { currency: "EUR" });
      await of.buyer({ phone, userId: "wa-1" });
      expect((await wallet.account(first)).body.account).toMatchObject({
        id: first,
        balance: 3_000,
        currency: "RWF",
      });
      expect((await wallet.account(second)).body.account).toMatchObject({
        id: second,
        balance: 500,
        currency: "EUR",
      });
    });

    test("are found out by a lead with both, too", async () => {
      const of = people();
      const phone = newPhone();
      const first = await of.buyer({ phone });
      clock.advance(1);
      const second = await of.buyer({ userId: "wa-1" });
      await of.post("/tools/log-lead", { phone, userId: "wa-1" });
      expect(await of.context(second)).toMatchObject({
        buyer: { buyerId: first, phone, userId: "wa-1" },
        lead: { phone, userId: "wa-1" },
      });
    });

    test("may be linked by a lead before either was a buyer", async () => {
      const of = people();
      const phone = newPhone();
      await of.post("/tools/log-lead", { phone, userId: "wa-1" });
      expect(await of.buyer({ phone })).toBe(
        await of.buyer({ userId: "wa-1" }),
      );
    });
  });
});
