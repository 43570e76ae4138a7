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
