import { ManualClock } from "@easymo/service-kit";
import { describe, expect, test } from "@jest/globals";
import { AgentTokens, type TokenCounts } from "./agent-tokens.js";

const TENANT = "kigali-parts";
const HOUR_MS = 3_600_000;
const sales = { name: "sales", limits: { tokensPerDay: 1_000 } };

/** A store that answers later, as a real one, and can be away. */
class Counts implements TokenCounts {
  readonly values = new Map<string, string>();
  away = false;

  async get(key: string): Promise<string | undefined> {
    await this.#answer();
    return this.values.get(key);
  }

  async compareAndSet(
    key: string,
    expected: string | undefined,
    value: string,
  ): Promise<boolean> {
    await this.#answer();
    if (this.values.get(key) !== expected) return false;
    this.values.set(key, value);
    return true;
  }

  async #answer(): Promise<void> {
    await Promise.resolve();
    if (this.away) throw new Error("the store is away");
  }
}

function counting() {
  const keyValue = new Counts();
  const clock = new ManualClock();
  const one = new AgentTokens({ keyValue, clock });
  const other = new AgentTokens({ keyValue, clock });
  return { keyValue, clock, one, other };
}

describe("an agent's tokens of the day", () => {
  test("are counted by every replica, whoever spends at the same time", async () => {
    const { one, other } = counting();
    await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        (n % 2 === 0 ? one : other).spend(TENANT, "sales", 10),
      ),
    );
    expect(await one.left(TENANT, sales)).toBe(600);
    expect(await other.left(TENANT, sales)).toBe(600);
  });

  test("are each tenant's, each agent's and each day's own", async () => {
    const { one, clock } = counting();
    await one.spend(TENANT, "sales", 5_000);
    expect(await one.left(TENANT, sales)).toBe(0);
    expect(await one.left("other", sales)).toBe(1_000);
    expect(await one.left(TENANT, { ...sales, name: "care" })).toBe(1_000);
    clock.advance(24 * HOUR_MS);
    expect(await one.left(TENANT, sales)).toBe(1_000);
  });

  test("have no end without a limit, and are counted all the same", async () => {
    const { one, other } = counting();
    await one.spend(TENANT, "sales", 400);
    expect(await one.left(TENANT, { name: "sales" })).toBe(Infinity);
    expect(await other.left(TENANT, sales)).toBe(600);
  });

  test("that could not be written are written with the next", async () => {
    const { one, other, keyValue } = counting();
    keyValue.away = true;
    await expect(one.spend(TENANT, "sales", 300)).rejects.toThrow("away");
    await expect(one.left(TENANT, sales)).rejects.toThrow("away");
    keyValue.away = false;
    expect(await one.left(TENANT, sales)).toBe(700);
    expect(await other.left(TENANT, sales)).toBe(1_000);
    await one.spend(TENANT, "sales", 50);
    await one.settled();
    expect(await other.left(TENANT, sales)).toBe(650);
  });
});
