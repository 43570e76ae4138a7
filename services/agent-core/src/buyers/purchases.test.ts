import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ManualClock } from "@easymo/service-kit";
import { databases } from "../testing/databases.js";
import { People } from "../testing/people.js";
import {
  newPhone,
  newTenant,
  type RunningAgentCore,
  startAgentCore,
} from "../testing/running.js";
import { Wallet } from "../testing/wallet.js";

const hourMs = 60 * 60 * 1_000;
const candidate = {
  vendorId: "v-1",
  name: "Moto Parts",
  score: 0.9,
  price: 5_000,
  currency: "RWF",
  reasons: ["Costs 5,000 RWF"],
};

describe.each(databases)("what is bought on %s", (_name, databaseUrl) => {
  let core: RunningAgentCore;
  const clock = new ManualClock(Date.UTC(2026, 5, 1, 12));
  beforeAll(async () => {
    core = await startAgentCore({ databaseUrl: await databaseUrl(), clock });
  });
  afterAll(() => core.close());

  const people = (): People => new People(core, newTenant());

  describe("a purchase", () => {
    async function ready() {
      const of = people();
      const wallet = new Wallet(core, of.tenant);
      const buyerId = await of.buyer({ phone: newPhone() });
      await of.vendor("v-1");
      await wallet.transfer("external", buyerId, 10_000);
      const { reservationId } = await wallet.reserve(buyerId, 5_000);
      const buy = (more: object = {}, key?: string) =>
        of.post(
          "/purchases",
          {
            buyerId,
            intentId: "i-1",
            vendorId: "v-1",
            amount: 5_000,
            currency: "RWF",
            reservationId,
            ...more,
          },
          key,
        );
      return { of, wallet, buyerId, reservationId, buy };
    }

    test("whose answer was lost is told again, and done once", async () => {
      const { of, buyerId, buy } = await ready();
      const first = await buy({}, "k");
      expect((await buy({}, "k")).body).toEqual(first.body);
      expect((await of.context(buyerId)).purchases).toHaveLength(1);
    });

    test("has a reservation to itself, of its buyer, of its amount, that still holds", async () => {
      const { of, wallet, buy } = await ready();
      const conflict = { status: 409, body: { code: "purchase_conflict" } };
      expect(await buy({ amount: 4_000 })).toMatchObject({
        ...conflict,
        body: { detail: "The reservation holds 5,000 RWF" },
      });
      expect(await buy({ currency: "EUR" })).toMatchObject(conflict);
      const other = await of.buyer({ phone: newPhone() });
      expect(await buy({ buyerId: other })).toMatchObject(conflict);
      expect((await buy()).status).toBe(200);
      expect(await buy()).toMatchObject(conflict);
      const { wallet: own, buyerId, buy: buyLate } = await ready();
      const released = await own.reserve(buyerId, 5_000);
      await own.release(released.reservationId);
      expect(
        await buyLate({ reservationId: released.reservationId }),
      ).toMatchObject(conflict);
      clock.advance(25 * hourMs);
      expect(await buyLate()).toMatchObject(conflict);
      expect(await wallet.balance("external")).toBe(-10_000);
    });

    test("is of a vendor that the catalogue or a ranking has", async () => {
      const { of, buyerId, buy } = await ready();
      const elsewhere = { vendorId: "their-7", reservationId: null };
      expect(await buy(elsewhere)).toMatchObject({
        status: 404,
        body: { code: "unknown_vendor" },
      });
      await of.post(`/buyers/${buyerId}/rankings`, {
        intentId: "i-1",
        rankingId: "r-1",
        candidates: [{ ...candidate, vendorId: "their-7" }],
      });
      expect((await buy(elsewhere)).status).toBe(200);
    });

    test.each([
      ["buyer", { buyerId: randomUUID() }, "unknown_buyer"],
      ["buyer's id", { buyerId: "nobody" }, "unknown_buyer"],
      ["reservation", { reservationId: randomUUID() }, "unknown_reservation"],
      ["vendor", { vendorId: "none" }, "unknown_vendor"],
    ])("of no known %s is refused", async (_what, more, code) => {
      const { buy } = await ready();
      expect(await buy(more)).toMatchObject({ status: 404, body: { code } });
    });
  });
});
