import { ManualClock } from "@easymo/service-kit";
import { describe, expect, test } from "@jest/globals";
import { Lanes, Places } from "./effect-lanes.js";

const always = () => true;

describe("the places of a dependency", () => {
  test("are as many as it can follow: half when it fails, more with each success", async () => {
    const clock = new ManualClock();
    const places = new Places({ first: 16, most: 20, clock });
    const fail = () => Promise.reject(new Error("too slow"));
    await expect(places.run(fail, always)).rejects.toThrow("too slow");
    // A burst counts once.
    await expect(places.run(fail, always)).rejects.toThrow("too slow");
    expect(places.limit).toBe(8);
    for (let n = 0; n < 8; n++) {
      clock.advance(1_000);
      await expect(places.run(fail, always)).rejects.toThrow("too slow");
    }
    expect(places.limit).toBe(2);
    for (let n = 0; n < 400; n++)
      await places.run(() => Promise.resolve(), always);
    expect(places.limit).toBe(20);
    clock.advance(1_000);
    await expect(places.run(fail, () => false)).rejects.toThrow("too slow");
    expect(places.limit).toBe(20);
  });

  test("are never more than there are, and go to who waits longest", async () => {
    const places = new Places({ first: 2, most: 2, clock: new ManualClock() });
    const gates = Array.from({ length: 6 }, () =>
      Promise.withResolvers<void>(),
    );
    const begun: number[] = [];
    const all = gates.map((gate, at) =>
      places.run(() => {
        begun.push(at);
        return gate.promise;
      }, always),
    );
    expect(begun).toEqual([0, 1]);
    for (const [at, gate] of gates.entries()) {
      gate.resolve();
      await all[at];
    }
    expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

test("one key's work goes in order, also past a failure; another key's does not wait", async () => {
  const lanes = new Lanes();
  const gate = Promise.withResolvers<void>();
  const order: string[] = [];
  const first = lanes.run("a", async () => {
    await gate.promise;
    order.push("a1");
    throw new Error("failed");
  });
  const second = lanes.run("a", () => {
    order.push("a2");
    return Promise.resolve();
  });
  await lanes.run("b", () => {
    order.push("b1");
    return Promise.resolve();
  });
  gate.resolve();
  await expect(first).rejects.toThrow("failed");
  await second;
  expect(order).toEqual(["b1", "a1", "a2"]);
});
