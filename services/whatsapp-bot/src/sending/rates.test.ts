import { createStore, type Store } from "@easymo/messaging";
import { ManualClock } from "@easymo/service-kit";
import { randomName, redisUrl, until } from "@easymo/testbed";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { quietKit } from "../testing/running-bot.js";
import { SendRates } from "./rates.js";

/** Two replicas on one Redis, whose time passes only when a test says so. */

const NUMBER = "106540352242922";

let clock: ManualClock;
let stores: Store[];
let replicas: SendRates[];
let granted: string[];
let life: AbortController;

beforeEach(async () => {
  clock = new ManualClock();
  const url = await redisUrl();
  const prefix = `${randomName("rates")}:`;
  stores = [0, 1].map(() => createStore(url, { ...quietKit("rates"), prefix }));
  replicas = stores.map(({ keyValue }) => new SendRates(keyValue, clock));
  granted = [];
  life = new AbortController();
});

afterEach(async () => {
  life.abort();
  await Promise.all(stores.map((store) => store.close()));
});

/** Each of the replicas wants to send so many messages to someone. */
function want(person: string, countEach: number): void {
  for (const replica of replicas)
    for (let n = 0; n < countEach; n++)
      replica.wait(NUMBER, person, life.signal).then(
        () => granted.push(person),
        () => undefined,
      );
}

/** Resolves when at least so many wait for time to pass; who found a bucket empty tells that nobody gets anything of it now. */
async function waiting(count: number): Promise<void> {
  await until(() => clock.pendingTimers >= count);
}

function to(person: string): number {
  return granted.filter((one) => one === person).length;
}

describe("two replicas together", () => {
  test("send one person 45 messages at once, and then one each 6 seconds", async () => {
    want("aline", 50);
    await until(() => granted.length >= 45);
    await waiting(1);
    expect(granted).toHaveLength(45);
    for (const [advanceMs, sum] of [
      [5_999, 45],
      [1, 46],
      [6_000, 47],
      [18_000, 50],
    ] as const) {
      clock.advance(advanceMs);
      await until(() => granted.length >= sum);
      await waiting(1);
      expect(granted).toHaveLength(sum);
    }
  });

  test("send 80 messages a second from one number, and keep to each person's rate besides", async () => {
    want("aline", 50);
    for (let n = 0; n < 50; n++) want(`person-${n}`, 1);
    // Each for Aline, as neither has sent all that it wants to; one at least for the number.
    await until(() => granted.length >= 80);
    await waiting(3);
    expect(granted).toHaveLength(80);
    expect(to("aline")).toBeLessThanOrEqual(45);
    clock.advance(500);
    await until(() => granted.length >= 120);
    await waiting(3);
    expect(granted).toHaveLength(120);
    clock.advance(500);
    await until(() => granted.length >= 145);
    await waiting(2);
    expect(granted).toHaveLength(145);
    expect(to("aline")).toBe(45);
  });

  test("wait no more when their process is to end", async () => {
    want("aline", 23);
    await until(() => granted.length === 45);
    await waiting(1);
    life.abort();
    await until(() => clock.pendingTimers === 0);
    clock.advance(60_000);
    expect(granted).toHaveLength(45);
  });
});
