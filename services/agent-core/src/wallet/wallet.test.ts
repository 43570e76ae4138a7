import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ManualClock } from "@easymo/service-kit";
import { z } from "zod";
import { databases } from "../testing/databases.js";
import {
  newPhone,
  newTenant,
  type RunningAgentCore,
  startAgentCore,
} from "../testing/running.js";
import { Wallet } from "../testing/wallet.js";

const hourMs = 60 * 60 * 1_000;

describe.each(databases)("the wallet on %s", (_name, databaseUrl) => {
  let core: RunningAgentCore;
  const clock = new ManualClock(Date.UTC(2026, 5, 1, 12));
  beforeAll(async () => {
    core = await startAgentCore({ databaseUrl: await databaseUrl(), clock });
  });
  afterAll(() => core.close());

  /** A tenant's wallet in which `buyer` has 10,000 francs. */
  async function funded(amount = 10_000): Promise<Wallet> {
    const wallet = new Wallet(core, newTenant());
    await wallet.transfer("external", "buyer", amount);
    return wallet;
  }

  describe("a transfer", () => {
    test("opens accounts, and is an entry on both sides", async () => {
      const wallet = await funded();
      const moved = await wallet.transfer("buyer", "shop", 4_000, {
        memo: "brake pads",
      });
      expect(moved).toMatchObject({
        status: 200,
        body: {
          transaction: {
            from: "buyer",
            to: "shop",
            amount: 4_000,
            currency: "RWF",
            memo: "brake pads",
            kind: "transfer",
            at: new Date(clock.now()).toISOString(),
          },
        },
      });
      const { body } = await wallet.account("buyer");
      expect(body).toMatchObject({
        account: {
          id: "buyer",
          balance: 6_000,
          reserved: 0,
          available: 6_000,
          currency: "RWF",
        },
        entries: [
          {
            amount: -4_000,
            balance: 6_000,
            counterparty: "shop",
            memo: "brake pads",
          },
          { amount: 10_000, balance: 10_000, counterparty: "external" },
        ],
        next: null,
      });
      expect((await wallet.account("external")).body).toMatchObject({
        account: { balance: -10_000 },
      });
      expect((await wallet.account("shop")).body).toMatchObject({
        account: { balance: 4_000 },
        entries: [{ counterparty: "buyer" }],
      });
    });

    test("of more than there is, or of what is reserved, is refused", async () => {
      const wallet = await funded();
      await wallet.reserve("buyer", 3_000);
      for (const amount of [7_001, Number.MAX_SAFE_INTEGER])
        expect(await wallet.transfer("buyer", "shop", amount)).toMatchObject({
          status: 409,
          body: {
            code: "insufficient_funds",
            detail: "7,000 RWF can be spent of this account",
            errors: [{ field: "amount" }],
          },
        });
      expect((await wallet.transfer("buyer", "shop", 7_000)).status).toBe(200);
    });

    test("from an account that nobody opened is refused, and opens none", async () => {
      const wallet = await funded();
      const [from, to] = [`from-${randomUUID()}`, `to-${randomUUID()}`];
      expect(await wallet.transfer(from, to, 1)).toMatchObject({
        status: 409,
        body: { code: "insufficient_funds" },
      });
      for (const account of [from, to])
        expect(await wallet.account(account)).toMatchObject({
          status: 404,
          body: { code: "unknown_account" },
        });
    });

    test("to oneself is refused", async () => {
      const wallet = await funded();
      expect(await wallet.transfer("buyer", "buyer", 1)).toMatchObject({
        status: 400,
        body: { code: "invalid_request", errors: [{ field: "to" }] },
      });
    });

    test.each([0, -1, 0.5, 1e-7, 2 ** 53, 1e300, "5", null, Number.NaN])(
      "of %p is refused",
      async (amount) => {
        const wallet = await funded();
        const answer = await wallet.post("/wallet/transfer", {
          from: "external",
          to: "buyer",
          amount,
          currency: "RWF",
        });
        expect(answer).toMatchObject({
          status: 400,
          body: { errors: [{ field: "amount" }] },
        });
        expect(await wallet.balance("buyer")).toBe(10_000);
      },
    );

    test("that would make an account come to more than numbers can say is refused", async () => {
      const wallet = await funded(Number.MAX_SAFE_INTEGER);
      expect(await wallet.balance("buyer")).toBe(Number.MAX_SAFE_INTEGER);
      expect(await wallet.transfer("external", "buyer", 1)).toMatchObject({
        status: 422,
        body: { code: "amount_too_large" },
      });
      expect(await wallet.transfer("external", "other", 1)).toMatchObject({
        status: 422,
        body: { code: "amount_too_large" },
      });
    });

    test("in another currency than either account's is refused", async () => {
      const wallet = await funded();
      const euros = { currency: "EUR" };
      clock.advance(1);
      await wallet.transfer("external", "tourist", 500, euros);
      const other = { code: "currency_mismatch" };
      for (const [from, to, more] of [
        ["external", "buyer", euros],
        ["buyer", "shop", euros],
        ["buyer", "tourist", {}],
        ["tourist", "buyer", euros],
      ] as const)
        expect(await wallet.transfer(from, to, 1, more)).toMatchObject({
          status: 422,
          body: other,
        });
      const unknown = await wallet.transfer("external", "x", 1, {
        currency: "XXX",
      });
      expect(unknown.status).toBe(400);
      expect(
        (await wallet.get("/wallet/accounts/external?currency=EUR")).body,
      ).toMatchObject({ account: { currency: "EUR", balance: -500 } });
      expect((await wallet.account("external")).body).toMatchObject({
        account: { currency: "RWF", balance: -10_000 },
      });
    });

    test("whose answer was lost is told again, and done once", async () => {
      const wallet = await funded();
      const first = await wallet.transfer("buyer", "shop", 100, {}, "lost");
      const again = await wallet.transfer("buyer", "shop", 100, {}, "lost");
      expect(again.body).toEqual(first.body);
      expect(again.headers.get("idempotency-replayed")).toBe("true");
      expect(await wallet.balance("shop")).toBe(100);
      expect(
        await wallet.transfer("buyer", "shop", 200, {}, "lost"),
      ).toMatchObject({
        status: 422,
        body: { code: "idempotency_mismatch" },
      });
      expect(await wallet.balance("shop")).toBe(100);
    });
  });

  test("an account's entries come page by page, newest first, each once", async () => {
    const wallet = await funded();
    for (let count = 1; count <= 5; count += 1)
      await wallet.transfer("buyer", "shop", count);
    const amounts: unknown[] = [];
    let after = "";
    do {
      const { body } = await wallet.get(
        `/wallet/accounts/shop?limit=2${after}`,
      );
      const page = z
        .object({
          entries: z.array(z.object({ amount: z.number() })),
          next: z.string().nullable(),
        })
        .parse(body);
      expect(page.entries.length).toBeLessThanOrEqual(2);
      amounts.push(...page.entries.map(({ amount }) => amount));
      after = page.next === null ? "" : `&after=${page.next}`;
    } while (after !== "");
    expect(amounts).toEqual([5, 4, 3, 2, 1]);
    const nonsense = await wallet.get("/wallet/accounts/shop?after=x");
    expect(nonsense).toMatchObject({
      status: 400,
      body: { errors: [{ field: "after" }] },
    });
  });

  describe("a reservation", () => {
    test("holds an amount, which a capture moves", async () => {
      const wallet = await funded();
      const made = await wallet.reserve("buyer", 4_000);
      expect(made).toMatchObject({
        status: "active",
        buyerId: "buyer",
        intentId: "intent-1",
        amount: 4_000,
        currency: "RWF",
        capturedTo: null,
        expiresAt: new Date(clock.now() + 24 * hourMs).toISOString(),
      });
      expect((await wallet.account("buyer")).body.account).toMatchObject({
        balance: 10_000,
        reserved: 4_000,
        available: 6_000,
      });
      const { body } = await wallet.capture(made.reservationId, { to: "shop" });
      expect(body).toMatchObject({
        reservation: { status: "captured", capturedTo: "shop" },
      });
      expect((await wallet.account("buyer")).body).toMatchObject({
        account: { balance: 6_000, reserved: 0 },
        entries: [{ kind: "capture", amount: -4_000 }, {}],
      });
      expect(await wallet.balance("shop")).toBe(4_000);
    });

    test("without a purchase or an account to go to is captured to the world", async () => {
      const wallet = await funded();
      const { reservationId } = await wallet.reserve("buyer", 4_000);
      expect((await wallet.capture(reservationId)).body).toMatchObject({
        reservation: { capturedTo: "external" },
      });
      expect(await wallet.balance("external")).toBe(-6_000);
    });

    test("that is released holds nothing", async () => {
      const wallet = await funded();
      const { reservationId } = await wallet.reserve("buyer", 10_000);
      expect((await wallet.release(reservationId)).body).toMatchObject({
        reservation: { status: "released" },
      });
      expect((await wallet.reserve("buyer", 10_000)).status).toBe("active");
    });

    test("is captured or released once; a repeat of the same request is told the same", async () => {
      const wallet = await funded();
      const { reservationId } = await wallet.reserve("buyer", 1_000);
      const first = await wallet.capture(reservationId, { to: "shop" }, "one");
      const lost = await wallet.capture(reservationId, { to: "shop" }, "one");
      expect(lost.body).toEqual(first.body);
      const closed = {
        status: 409,
        body: {
          code: "reservation_closed",
          detail: "It was captured before",
        },
      };
      expect(await wallet.capture(reservationId, { to: "shop" })).toMatchObject(
        closed,
      );
      expect(await wallet.release(reservationId)).toMatchObject(closed);
      expect(await wallet.balance("shop")).toBe(1_000);
      const other = await wallet.reserve("buyer", 1_000);
      await wallet.release(other.reservationId);
      expect(await wallet.release(other.reservationId)).toMatchObject({
        status: 409,
        body: { detail: "It was released before" },
      });
    });

    test("that has expired holds nothing, and cannot be captured or released", async () => {
      const wallet = await funded();
      const expiresAt = new Date(clock.now() + hourMs).toISOString();
      const made = await wallet.reserve("buyer", 10_000, { expiresAt });
      expect(await wallet.transfer("buyer", "shop", 1)).toMatchObject({
        status: 409,
      });
      clock.advance(hourMs);
      expect((await wallet.account("buyer")).body.account).toMatchObject({
        balance: 10_000,
        reserved: 0,
      });
      for (const attempt of [
        wallet.capture(made.reservationId, { to: "shop" }),
        wallet.release(made.reservationId),
      ])
        expect(await attempt).toMatchObject({
          status: 409,
          body: { code: "reservation_expired" },
        });
      expect((await wallet.transfer("buyer", "shop", 10_000)).status).toBe(200);
      const { rows } = await core.database.query(
        "select status from reservations where reservation_id = $1",
        [made.reservationId],
      );
      expect(rows).toEqual([{ status: "expired" }]);
    });

    test.each([
      ["more than there is", { amount: 10_001 }, 409, "insufficient_funds"],
      ["another currency", { currency: "EUR" }, 422, "currency_mismatch"],
      ["nobody's money", { buyerId: "x" }, 409, "insufficient_funds"],
      ["the world's money", { buyerId: "external" }, 400, "invalid_request"],
      ["nothing", { amount: 0 }, 400, "invalid_request"],
      ["a fraction", { amount: 1.5 }, 400, "invalid_request"],
      [
        "until the past",
        { expiresAt: "2026-06-01T00:00:00Z" },
        400,
        "invalid_request",
      ],
      ["until no time", { expiresAt: "tomorrow" }, 400, "invalid_request"],
    ])("of %s is refused", async (_what, more, status, code) => {
      const wallet = await funded();
      const answer = await wallet.post("/wallet/reservations", {
        buyerId: "buyer",
        intentId: "i",
        amount: 1,
        currency: "RWF",
        ...more,
      });
      expect(answer).toMatchObject({ status, body: { code } });
    });

    test("that nobody made is not found", async () => {
      const wallet = await funded();
      for (const id of [randomUUID(), "nothing"])
        for (const attempt of [wallet.capture(id), wallet.release(id)])
          expect(await attempt).toMatchObject({
            status: 404,
            body: { code: "unknown_reservation" },
          });
    });

    test("is not captured into its own account, or into one of another currency", async () => {
      const wallet = await funded();
      const { reservationId } = await wallet.reserve("buyer", 1_000);
      await wallet.transfer("external", "tourist", 1, { currency: "EUR" });
      expect(
        await wallet.capture(reservationId, { to: "buyer" }),
      ).toMatchObject({ status: 400, body: { errors: [{ field: "to" }] } });
      expect(
        await wallet.capture(reservationId, { to: "tourist" }),
      ).toMatchObject({ status: 422, body: { code: "currency_mismatch" } });
      expect((await wallet.account("buyer")).body.account).toMatchObject({
        reserved: 1_000,
      });
    });
  });

  test("a buyer's account is the buyer's id", async () => {
    const wallet = new Wallet(core, newTenant());
    const { body } = await wallet.post("/buyers", { phone: newPhone() });
    const { buyerId } = z
      .object({ buyer: z.object({ buyerId: z.string() }) })
      .parse(body).buyer;
    await wallet.transfer("external", buyerId.toUpperCase(), 700);
    expect((await wallet.reserve(buyerId, 700)).buyerId).toBe(buyerId);
    expect(await wallet.balance(buyerId)).toBe(700);
  });
});
