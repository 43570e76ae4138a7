import { randomUUID } from "node:crypto";
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

const hourMs = 60 * 60 * 1_000;
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

  test("are one per number and one per user id", async () => {
    const of = people();
    const phone = newPhone();
    const made = await of.post("/buyers", { phone, name: "Aline" });
    expect(made).toMatchObject({
      status: 200,
      body: { buyer: { phone, userId: null, name: "Aline", optedOut: false } },
    });
    const again = await of.post("/buyers", { phone });
    expect(again.body.buyer).toEqual(made.body.buyer);
    const other = await of.buyer({ userId: "wa-1" });
    expect(other).not.toBe(await of.buyer({ phone }));
    expect(await of.buyer({ userId: "wa-1" })).toBe(other);
  });

  test("are another tenant's own, under the same number", async () => {
    const phone = newPhone();
    expect(await people().buyer({ phone })).not.toBe(
      await people().buyer({ phone }),
    );
  });

  test("need a number or an id", async () => {
    expect(await people().post("/buyers", { name: "Aline" })).toMatchObject({
      status: 400,
      body: { errors: [{ field: "phone" }] },
    });
  });

  test("who were made at once by number, by id and by both, are one", async () => {
    const of = people();
    const phone = newPhone();
    await Promise.all(
      [{ phone }, { userId: "wa-1" }, { phone, userId: "wa-1" }].flatMap(
        (who) => [of.post("/buyers", who), of.post("/buyers", who)],
      ),
    );
    const ids = new Set(
      await Promise.all(
        [{ phone }, { userId: "wa-1" }].map((who) => of.buyer(who)),
      ),
    );
    expect(ids.size).toBe(1);
  });

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

  test("are opted out by anything that they are known by", async () => {
    const of = people();
    const phone = newPhone();
    const buyerId = await of.buyer({ phone, userId: "wa-1" });
    await of.post("/tools/register-opt-out", {
      userId: "wa-1",
      channel: "whatsapp",
    });
    expect(await of.context(buyerId)).toMatchObject({
      buyer: { optedOut: true },
    });
    expect((await of.get(`/opt-outs/${phone}`)).body).toMatchObject({
      optedOut: true,
    });
  });

  describe("the context", () => {
    test("has everything that is known, newest first", async () => {
      const of = people();
      const wallet = new Wallet(core, of.tenant);
      const phone = newPhone();
      const buyerId = await of.buyer({ phone, name: "Aline" });
      expect(await of.context(buyerId)).toMatchObject({
        intents: [],
        rankings: [],
        purchases: [],
        conversation: null,
        account: null,
        lead: null,
      });
      const expiresAt = new Date(clock.now() + hourMs).toISOString();
      expect(await of.intent(buyerId, "i-1", { expiresAt })).toMatchObject({
        status: 200,
        body: {
          intent: {
            intentId: "i-1",
            channel: "whatsapp",
            name: "order",
            slots: { item: "brake pads" },
            status: "open",
            expiresAt,
          },
        },
      });
      clock.advance(hourMs);
      await of.intent(buyerId, "i-2");
      await of.vendor("v-1");
      await wallet.transfer("external", buyerId, 6_000);
      const held = await wallet.reserve(buyerId, 5_000);
      const bought = await of.post("/purchases", {
        buyerId,
        intentId: "i-2",
        vendorId: "v-1",
        amount: 5_000,
        currency: "RWF",
        reservationId: held.reservationId,
      });
      expect(bought).toMatchObject({
        status: 200,
        body: {
          purchase: {
            buyerId,
            intentId: "i-2",
            vendorId: "v-1",
            amount: 5_000,
            currency: "RWF",
            reservationId: held.reservationId,
            paidAt: null,
          },
        },
      });
      await wallet.capture(held.reservationId);
      expect(await wallet.balance("v-1")).toBe(5_000);
      expect(await of.context(buyerId)).toMatchObject({
        intents: [
          { intentId: "i-2", status: "purchased" },
          { intentId: "i-1", status: "expired" },
        ],
        purchases: [{ paidAt: new Date(clock.now()).toISOString() }],
        account: { balance: 1_000, reserved: 0 },
      });
    });

    test("keeps the newest 50 of each", async () => {
      const of = people();
      const buyerId = await of.buyer({ phone: newPhone() });
      for (let count = 1; count <= 51; count += 1) {
        clock.advance(1);
        await of.intent(buyerId, `i-${count}`);
      }
      const { intents } = await of.context(buyerId);
      expect(intents).toHaveLength(50);
      expect(intents[0]).toMatchObject({ intentId: "i-51" });
      expect(intents.at(-1)).toMatchObject({ intentId: "i-2" });
    });
  });

  test("an intent that is said again is what was said last, and no other buyer's", async () => {
    const of = people();
    const buyerId = await of.buyer({ phone: newPhone() });
    await of.intent(buyerId, "i-1", { slots: { item: "chain" } });
    await of.intent(buyerId, "i-1", { slots: { item: "tyre", sizes: [17] } });
    expect((await of.context(buyerId)).intents).toMatchObject([
      { slots: { item: "tyre", sizes: [17] } },
    ]);
    const other = await of.buyer({ phone: newPhone() });
    expect(await of.intent(other, "i-1")).toMatchObject({
      status: 409,
      body: { code: "intent_conflict" },
    });
  });

  test("a ranking that comes again is kept once, and what others add to candidates is dropped", async () => {
    const of = people();
    const buyerId = await of.buyer({ phone: newPhone() });
    for (const extra of [{ distance: 3 }, {}])
      expect(
        await of.post(`/buyers/${buyerId}/rankings`, {
          intentId: "i-1",
          rankingId: "r-1",
          candidates: [{ ...candidate, ...extra }],
        }),
      ).toMatchObject({ status: 200, body: { accepted: true } });
    expect((await of.context(buyerId)).rankings).toEqual([
      {
        rankingId: "r-1",
        intentId: "i-1",
        candidates: [{ ...candidate, item: null, area: null }],
        at: new Date(clock.now()).toISOString(),
      },
    ]);
  });

  test("a conversation is what was said of it last, by its own time", async () => {
    const of = people();
    const buyerId = await of.buyer({ phone: newPhone() });
    const at = (ms: number) => new Date(clock.now() + ms).toISOString();
    const path = `/buyers/${buyerId}/conversation`;
    const newer = {
      summary: "Wants brake pads; was sent a payment code",
      conversationId: "c-1",
      language: "rw",
      channels: ["voice", "whatsapp"],
      lastChannel: "whatsapp",
      lastEventId: "e-9",
      turns: 7,
      at: at(10),
    };
    await of.put(path, { summary: "Wants brake pads", at: at(0) });
    expect((await of.put(path, newer)).body).toEqual({ conversation: newer });
    const late = await of.put(path, { summary: "Said hello", at: at(5) });
    expect(late.body).toEqual({ conversation: newer });
    expect(await of.context(buyerId)).toMatchObject({ conversation: newer });
  });

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

  test.each([
    ["get", "context", undefined],
    [
      "post",
      "intents",
      { intentId: "i", channel: "voice", name: "n", slots: {} },
    ],
    ["post", "rankings", { intentId: "i", rankingId: "r", candidates: [] }],
    ["put", "conversation", { summary: "s" }],
  ] as const)("nobody's %s %s is not found", async (method, what, body) => {
    const of = people();
    for (const id of [randomUUID(), "nobody"]) {
      const path = `/buyers/${id}/${what}`;
      const answer =
        body === undefined ? await of.get(path) : await of[method](path, body);
      expect(answer).toMatchObject({
        status: 404,
        body: { code: "unknown_buyer" },
      });
    }
  });

  test.each([
    ["a channel that there is not", { channel: "fax" }, "channel"],
    ["slots that are no object", { slots: [] }, "slots"],
    ["slots beyond measure", { slots: { a: "x".repeat(17_000) } }, "slots"],
    ["a NUL in the slots", { slots: { a: "\u0000" } }, "slots"],
    ["half a surrogate pair", { slots: { a: "\ud800" } }, "slots"],
    ["no time", { expiresAt: "soon" }, "expiresAt"],
  ])("an intent with %s is refused", async (_what, more, field) => {
    const of = people();
    const buyerId = await of.buyer({ phone: newPhone() });
    expect(await of.intent(buyerId, "i-1", more)).toMatchObject({
      status: 400,
      body: { errors: [{ field }] },
    });
  });
});
