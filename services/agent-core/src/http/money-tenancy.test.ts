import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
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

/** What tenant `own` has, and what `other` tries with it. */
interface Owned {
  readonly buyerId: string;
  readonly reservationId: string;
}

const money = { amount: 1, currency: "RWF" };

const attempts: [
  string,
  "GET" | "POST" | "PUT",
  (owned: Owned) => string,
  string,
  ((owned: Owned) => object) | undefined,
][] = [
  [
    "a context",
    "GET",
    (o) => `/buyers/${o.buyerId}/context`,
    "buyerId",
    undefined,
  ],
  [
    "an intent",
    "POST",
    (o) => `/buyers/${o.buyerId}/intents`,
    "buyerId",
    () => ({ intentId: "i", channel: "voice", name: "n", slots: {} }),
  ],
  [
    "a ranking",
    "POST",
    (o) => `/buyers/${o.buyerId}/rankings`,
    "buyerId",
    () => ({ intentId: "i", rankingId: "r", candidates: [] }),
  ],
  [
    "a conversation",
    "PUT",
    (o) => `/buyers/${o.buyerId}/conversation`,
    "buyerId",
    () => ({ summary: "s" }),
  ],
  [
    "a purchase of theirs",
    "POST",
    () => "/purchases",
    "buyerId",
    (o) => ({ ...money, buyerId: o.buyerId, intentId: "i", vendorId: "v-1" }),
  ],
  [
    "an account",
    "GET",
    (o) => `/wallet/accounts/${o.buyerId}`,
    "buyerId",
    undefined,
  ],
  [
    "money from them",
    "POST",
    () => "/wallet/transfer",
    "buyerId",
    (o) => ({ ...money, from: o.buyerId, to: "me" }),
  ],
  [
    "money to them",
    "POST",
    () => "/wallet/transfer",
    "buyerId",
    (o) => ({ ...money, from: "external", to: o.buyerId }),
  ],
  [
    "a reservation of theirs",
    "POST",
    () => "/wallet/reservations",
    "buyerId",
    (o) => ({ ...money, buyerId: o.buyerId, intentId: "i" }),
  ],
  [
    "a capture",
    "POST",
    (o) => `/wallet/reservations/${o.reservationId}/capture`,
    "reservationId",
    () => ({}),
  ],
  [
    "a release",
    "POST",
    (o) => `/wallet/reservations/${o.reservationId}/release`,
    "reservationId",
    () => ({}),
  ],
];

describe.each(databases)("another tenant's money on %s", (_name, url) => {
  let core: RunningAgentCore;
  const [own, other] = [newTenant(), newTenant()];
  let owned: Owned;
  beforeAll(async () => {
    core = await startAgentCore({ databaseUrl: await url() });
    const people = new People(core, own);
    const wallet = new Wallet(core, own);
    const buyerId = await people.buyer({ phone: newPhone(), userId: "wa-1" });
    await wallet.transfer("external", buyerId, 1_000);
    const { reservationId } = await wallet.reserve(buyerId, 400);
    owned = { buyerId, reservationId };
    await people.vendor("v-1");
    await new People(core, other).vendor("v-1");
  });
  afterAll(() => core.close());

  test.each(attempts)(
    "is not reached: %s is 403",
    async (_what, method, path, field, body) => {
      const before = await auditOf(core.database, own);
      const answer = await core.send(method, path(owned), {
        tenant: other,
        ...(body === undefined ? {} : { body: body(owned) }),
      });
      expect(answer).toMatchObject({
        status: 403,
        body: { code: "wrong_tenant" },
      });
      expect(JSON.stringify(answer.body.errors)).toMatch(
        new RegExp(`"field":"(${field}|accountId|from|to)"`),
      );
      expect(answer.body.detail).not.toContain(own);
      expect(await auditOf(core.database, own)).toEqual(before);
    },
  );

  test("is not taken through a purchase with their reservation", async () => {
    const people = new People(core, other);
    const buyerId = await people.buyer({ phone: newPhone() });
    const purchase = { ...money, buyerId, intentId: "i", vendorId: "v-1" };
    expect(
      await people.post("/purchases", {
        ...purchase,
        reservationId: owned.reservationId,
      }),
    ).toMatchObject({ status: 403, body: { code: "wrong_tenant" } });
  });

  test("has names of its own: what one calls `shop` is not what another does", async () => {
    const [mine, theirs] = [new Wallet(core, own), new Wallet(core, other)];
    await mine.transfer("external", "shop", 70);
    const refused = { status: 403, body: { code: "wrong_tenant" } };
    expect(await theirs.account("shop")).toMatchObject(refused);
    expect(
      await core.send("POST", "/wallet/transfer", {
        tenant: other,
        body: { ...money, from: "shop", to: "till" },
      }),
    ).toMatchObject(refused);
    expect((await theirs.account("external")).status).toBe(404);
    expect((await theirs.account("nobody's")).status).toBe(404);
    await theirs.transfer("external", "shop", 5, { currency: "EUR" });
    expect(await mine.balance("shop")).toBe(70);
    expect(await theirs.balance("shop")).toBe(5);
    expect(await theirs.balance("external")).toBe(-5);
  });

  test("has vendors of its own under the same id", async () => {
    const [mine, theirs] = [new People(core, own), new People(core, other)];
    await theirs.vendor("v-1", { name: "Theirs" });
    expect((await mine.get("/vendors")).body).toMatchObject({
      vendors: [{ vendorId: "v-1", name: "Shop v-1" }],
    });
  });

  test("is not asked for by name: another tenantId is 403 on each route", async () => {
    for (const [, method, path, , body] of attempts) {
      const answer = await core.send(
        method,
        method === "GET" ? `${path(owned)}?tenantId=${own}` : path(owned),
        {
          tenant: other,
          ...(body === undefined
            ? {}
            : { body: { ...body(owned), tenantId: own } }),
        },
      );
      expect(answer).toMatchObject({
        status: 403,
        body: { errors: [{ field: "tenantId" }] },
      });
    }
  });

  test("needs a token on each route", async () => {
    for (const [, method, path, , body] of attempts)
      expect(
        await core.send(
          method,
          path(owned),
          body === undefined ? {} : { body: body(owned) },
        ),
      ).toMatchObject({ status: 401, body: { code: "unauthorized" } });
  });
});
