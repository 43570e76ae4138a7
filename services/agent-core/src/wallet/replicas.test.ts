import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { postgresUrl } from "@easymo/testbed";
import { auditOf } from "../testing/audit.js";
import { People } from "../testing/people.js";
import {
  newPhone,
  newTenant,
  type RunningAgentCore,
  startAgentCore,
} from "../testing/running.js";
import { Wallet } from "../testing/wallet.js";

describe("two replicas on one Postgres", () => {
  let replicas: RunningAgentCore[];
  let tenant: string;
  beforeAll(async () => {
    const databaseUrl = await postgresUrl();
    replicas = await Promise.all(
      [1, 2].map(() => startAgentCore({ databaseUrl })),
    );
  });
  afterAll(() => Promise.all(replicas.map((one) => one.close())));

  /** The tenant's wallet, as each replica serves it in turn. */
  function wallets(): (index: number) => Wallet {
    tenant = newTenant();
    const each = replicas.map((one) => new Wallet(one, tenant));
    return (index) => each[index % each.length]!;
  }

  async function sound(): Promise<ReadonlyMap<string, number>> {
    const audit = await auditOf(replicas[0]!.database, tenant);
    expect(audit).toMatchObject({
      unbalanced: [],
      wrongSums: [],
      belowLimit: [],
    });
    return audit.balances;
  }

  const countOf = (answers: readonly { status: number }[], status: number) =>
    answers.filter((one) => one.status === status).length;

  test("let as many of 40 spend at once as there is money for", async () => {
    const wallet = wallets();
    await wallet(0).transfer("external", "buyer", 1_000);
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        wallet(index).transfer("buyer", `shop-${index % 3}`, 50),
      ),
    );
    expect(countOf(answers, 200)).toBe(20);
    expect(countOf(answers, 409)).toBe(20);
    expect((await sound()).get("buyer")).toBe(0);
  });

  test("let two people pay each other at once", async () => {
    const wallet = wallets();
    for (const one of ["a", "b"])
      await wallet(0).transfer("external", one, 500);
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        index % 3 === 0
          ? wallet(index).transfer("a", "b", 1)
          : wallet(index).transfer("b", "a", 1),
      ),
    );
    expect(countOf(answers, 200)).toBe(30);
    expect((await sound()).get("a")).toBe(510);
  });

  test("hold no more than there is, however many ask at once", async () => {
    const wallet = wallets();
    await wallet(0).transfer("external", "buyer", 1_000);
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, index) =>
        wallet(index).post("/wallet/reservations", {
          buyerId: "buyer",
          intentId: "i",
          amount: 100,
          currency: "RWF",
        }),
      ),
    );
    expect(countOf(answers, 200)).toBe(10);
    expect(countOf(answers, 409)).toBe(14);
    await sound();
  });

  test("capture a reservation once, and never what was released", async () => {
    const wallet = wallets();
    await wallet(0).transfer("external", "buyer", 1_000);
    const { reservationId } = await wallet(0).reserve("buyer", 600);
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        index % 4 === 3
          ? wallet(index).release(reservationId)
          : wallet(index).capture(reservationId, { to: `shop-${index}` }),
      ),
    );
    expect(countOf(answers, 200)).toBe(1);
    expect(countOf(answers, 409)).toBe(11);
    await sound();
  });

  test("lose no money of a buyer who is found out to be two while it moves", async () => {
    const wallet = wallets();
    const people = replicas.map((one) => new People(one, tenant));
    const phone = newPhone();
    const ids = [
      await people[0]!.buyer({ phone }),
      await people[0]!.buyer({ userId: "wa-1" }),
    ];
    for (const id of ids) await wallet(0).transfer("external", id, 100);
    const answers = await Promise.all([
      wallet(1).post("/buyers", { phone, userId: "wa-1" }),
      wallet(0).post("/tools/log-lead", { phone, userId: "wa-1" }),
      ...Array.from({ length: 16 }, (_, index) => {
        const id = ids[index % 2]!;
        return index % 4 < 2
          ? wallet(index).transfer("external", id, 10)
          : wallet(index).post("/wallet/reservations", {
              buyerId: id,
              intentId: "i",
              amount: 7,
              currency: "RWF",
            });
      }),
    ]);
    expect(countOf(answers, 200)).toBe(18);
    const balances = await sound();
    const [first = "", second = ""] = ids;
    expect((balances.get(first) ?? 0) + (balances.get(second) ?? 0)).toBe(280);
    for (const id of ids)
      expect((await wallet(0).account(id)).body.account).toMatchObject({
        balance: 280,
        reserved: 56,
      });
  });

  test("do once what both are asked under one key", async () => {
    const wallet = wallets();
    const key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        wallet(index).transfer("external", "buyer", 70, {}, key),
      ),
    );
    expect(countOf(answers, 200)).toBe(10);
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(
      1,
    );
    expect((await sound()).get("buyer")).toBe(70);
  });
});
