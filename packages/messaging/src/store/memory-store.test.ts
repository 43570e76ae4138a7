import { describe, expect, test } from "@jest/globals";
import { hostClock } from "../clock.js";
import { range } from "../test-support.js";
import { describeStore } from "./conformance.js";
import { createStore } from "./create-store.js";
import { createMemoryStore } from "./memory-store.js";
import { testDependencies } from "../test-support.js";

describeStore("the store inside the process", () =>
  Promise.resolve(createStore("memory:", testDependencies())),
);

describe("the store inside the process, besides", () => {
  test("forgets by the clock that it was given", async () => {
    let nowMs = 1_000;
    const store = createMemoryStore({ ...hostClock, now: () => nowMs });
    for (const n of range(5_000)) {
      await store.keyValue.set(`k${n}`, "v", { ttlMs: 100 });
    }
    await store.idempotency.claim("c", { fingerprint: "f", leaseMs: 100 });
    nowMs += 99;
    expect(await store.keyValue.get("k1")).toBe("v");
    expect(
      await store.idempotency.claim("c", { fingerprint: "f", leaseMs: 1 }),
    ).toEqual({
      outcome: "in_flight",
      retryAfterMs: 1,
    });
    nowMs += 1;
    expect(await store.keyValue.get("k1")).toBeUndefined();
  });
});
