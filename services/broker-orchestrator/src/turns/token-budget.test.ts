import { createStore, type Store } from "@easymo/messaging";
import { ManualClock } from "@easymo/service-kit";
import { randomName, redisUrl } from "@easymo/testbed";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { newPhone } from "../testing/events.js";
import { quietKit } from "../testing/running.js";
import { turnOf } from "../testing/turn-request.js";
import { TokenBudget } from "./token-budget.js";

const DAY_TOKENS = 10_000;

describe("a person's tokens of a day, on a real Redis", () => {
  let prefix: string;
  let phone: string;
  const clock = new ManualClock();
  const stores: Store[] = [];
  beforeEach(() => {
    prefix = randomName("tokens");
    phone = newPhone();
  });
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
  });

  /** As a replica has it, with a connection of its own. */
  async function replica(): Promise<TokenBudget> {
    const url = await redisUrl();
    const store = createStore(url, { ...quietKit("budget"), prefix });
    stores.push(store);
    const { keyValue } = store;
    return new TokenBudget({ keyValue, clock, tokensPerDay: DAY_TOKENS });
  }

  const turn = () => turnOf("hello", { contact: { phone, userId: "RW.1" } });
  const wanted = {
    inputTokens: 1_000,
    outputTokens: { least: 400, most: 2_000 },
  };
  const held = (budget: TokenBudget) => budget.hold(turn(), wanted);

  test("are not exceeded, however many replicas ask at once", async () => {
    const replicas = await Promise.all([replica(), replica()]);
    const asked = await Promise.all(
      [0, 1, 2, 3].flatMap(() => replicas.map(held)),
    );
    const given = asked.filter((one) => one !== undefined);
    const tokens = given.map(({ outputTokens }) => outputTokens + 1_000);
    expect(tokens.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(
      DAY_TOKENS,
    );
    expect(given.length).toBeGreaterThanOrEqual(3);
    expect(given.length).toBeLessThan(asked.length);
  });

  test("that were held and not used may be used, those that were used may not", async () => {
    const budget = await replica();
    for (let turns = 0; turns < 5; turns++) {
      const given = await held(budget);
      expect(given?.outputTokens).toBe(2_000);
      if (given !== undefined) await budget.settle(given, 1_500);
    }
    // 2,500 are left.
    expect((await held(budget))?.outputTokens).toBe(1_500);
    expect(await held(budget)).toBeUndefined();
  });

  test("that a replica held when it was killed are gone, on every other one too", async () => {
    const killed = await replica();
    for (let requests = 0; requests < 3; requests++) await held(killed);
    const next = await replica();
    // 1,000 are left: not enough to ask and to answer.
    expect(await held(next)).toBeUndefined();
    expect(
      await next.hold(turn(), { ...wanted, inputTokens: 100 }),
    ).toMatchObject({ outputTokens: 900 });
  });

  test("are of the day on which they were held", async () => {
    const budget = await replica();
    const before = await held(budget);
    clock.advance(24 * 3_600_000);
    expect((await held(budget))?.outputTokens).toBe(2_000);
    if (before !== undefined) await budget.settle(before, 9_000);
    expect((await held(budget))?.outputTokens).toBe(2_000);
  });
});
