import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { TenantAgentCore } from "./index.js";
import { Bench, failure } from "./testing/bench.js";
import { json } from "./testing/misbehaving-server.js";

const bench = new Bench();
beforeEach(() => bench.start());
afterEach(() => bench.stop());

const key = { idempotencyKey: "k" };
const money = { amount: 5_000, currency: "RWF" };
const wish = { intentId: "i", name: "order", slots: { item: "brake pads" } };

// What the contract promises of each answer, and nothing that may be added.
const buyer = { buyerId: "b" };
const vendor = {
  vendorId: "v/1",
  name: "Shop",
  phone: "+250780000101",
  area: "Remera",
  items: [],
};
const candidate = {
  vendorId: "v/1",
  name: "Shop",
  score: 0.5,
  price: 5_000,
  currency: "RWF",
  reasons: [],
};
const reservation = { reservation: { reservationId: "r", status: "active" } };
const purchase = {
  purchaseId: "p",
  buyerId: "b",
  intentId: "i",
  vendorId: "v/1",
  ...money,
};
const transaction = { transactionId: "t", from: "external", to: "b", ...money };
const intent = { intentId: "i", name: "order", slots: {} };
const context = {
  buyer,
  intents: [intent],
  rankings: [{ rankingId: "k", intentId: "i", candidates: [candidate] }],
  purchases: [purchase],
  conversation: null,
};

type Call = (core: TenantAgentCore) => Promise<unknown>;
const calls: [string, Call, object][] = [
  [
    "POST /rankings",
    (core) => core.rank({ ...wish, contact: "+250788123456" }, key),
    { rankingId: "k", candidates: [candidate] },
  ],
  [
    "PUT /vendors/v%2F1",
    (core) => core.putVendor("v/1", { ...vendor, items: [] }, key),
    { vendor },
  ],
  [
    "GET /vendors?limit=5&after=a%26b",
    (core) => core.vendors({ limit: 5, after: "a&b" }),
    { vendors: [vendor] },
  ],
  [
    "POST /buyers",
    (core) => core.registerBuyer({ phone: "+250788123456" }, key),
    { buyer },
  ],
  [
    "POST /buyers/b%20c/intents",
    (core) => core.addIntent("b c", { ...wish, channel: "voice" }, key),
    { intent },
  ],
  [
    "POST /buyers/b/rankings",
    (core) =>
      core.addRanking(
        "b",
        { intentId: "i", rankingId: "k", candidates: [candidate] },
        key,
      ),
    { accepted: true },
  ],
  ["GET /buyers/b/context", (core) => core.buyerContext("b"), context],
  [
    "PUT /buyers/b/conversation",
    (core) => core.saveConversation("b", { summary: "s" }, key),
    { conversation: { summary: "s" } },
  ],
  [
    "POST /purchases",
    (core) =>
      core.recordPurchase(
        { buyerId: "b", intentId: "i", vendorId: "v/1", ...money },
        key,
      ),
    { purchase },
  ],
  [
    "POST /wallet/reservations",
    (core) => core.reserve({ buyerId: "b", intentId: "i", ...money }, key),
    reservation,
  ],
  [
    "POST /wallet/reservations/r/capture",
    (core) => core.captureReservation("r", { to: "v/1" }, key),
    reservation,
  ],
  [
    "POST /wallet/reservations/r/release",
    (core) => core.releaseReservation("r", key),
    reservation,
  ],
  [
    "POST /wallet/transfer",
    (core) => core.transfer({ from: "external", to: "b", ...money }, key),
    { transaction },
  ],
  [
    "GET /wallet/accounts/b?limit=1",
    (core) => core.account("b", { limit: 1 }),
    {
      account: { id: "b", balance: 1, reserved: 0, currency: "RWF" },
      entries: [{ transactionId: "t", amount: 1 }],
    },
  ],
];

describe("the wallet, the buyers and the ranking", () => {
  test.each(calls)(
    "%s takes an answer that has what the contract promises",
    async (request, call, promised) => {
      bench.server.does(json(200, promised));
      expect(await call(bench.connect().forTenant("t"))).toMatchObject(
        promised,
      );
      const [seen] = bench.server.seen;
      expect(`${seen?.method ?? ""} ${seen?.url ?? ""}`).toBe(request);
      expect(seen?.headers["idempotency-key"]).toBe(
        request.startsWith("GET") ? undefined : "k",
      );
    },
  );

  test.each(calls.filter(([request]) => !request.startsWith("GET")))(
    "%s is sent again under its key when the answer was lost",
    async (_request, call, promised) => {
      bench.server.does(
        (response) => response.socket?.destroy(),
        json(200, promised),
      );
      await call(bench.connect().forTenant("t"));
      expect(
        bench.server.seen.map(({ headers }) => headers["idempotency-key"]),
      ).toEqual(["k", "k"]);
      expect(bench.server.seen[1]?.body).toBe(bench.server.seen[0]?.body);
    },
  );

  test.each(calls)(
    "%s takes no answer of another shape",
    async (_request, call) => {
      bench.server.does(json(200, { hello: "world" }));
      const error = await failure(call(bench.connect().forTenant("t")));
      expect(error.code).toBe("bad_answer");
    },
  );

  test("take no amount that is no integer", async () => {
    bench.server.does(
      json(200, {
        account: { id: "b", balance: 0.5, reserved: 0, currency: "RWF" },
        entries: [],
      }),
    );
    const error = await failure(bench.connect().forTenant("t").account("b"));
    expect(error.detail).toContain("account.balance");
  });
});

describe("a client for each address", () => {
  test("has a circuit of its own, and tells it", async () => {
    const once = { retry: { maxAttempts: 1 }, circuit: { failures: 1 } };
    const [wallet, buyers] = [bench.connect(once), bench.connect(once)];
    expect(wallet.circuit()).toBe("closed");
    bench.server.does(json(500, {}));
    await failure(wallet.forTenant("t").account("b"));
    expect(wallet.circuit()).toBe("open");
    expect((await failure(wallet.forTenant("t").account("b"))).code).toBe(
      "circuit_open",
    );
    expect(buyers.circuit()).toBe("closed");
    bench.server.does(json(200, context));
    await buyers.forTenant("t").buyerContext("b");
  });

  test("closes it again when the address answers", async () => {
    const client = bench.connect({
      retry: { maxAttempts: 1 },
      circuit: { failures: 1, halfOpenAfterMs: 0 },
    });
    bench.server.does(json(500, {}));
    await failure(client.forTenant("t").buyerContext("b"));
    bench.server.does(json(200, context));
    await client.forTenant("t").buyerContext("b");
    expect(client.circuit()).toBe("closed");
  });
});
