import { expect, test } from "@jest/globals";
import { randomName, until } from "@easymo/testbed";
import { range } from "../../test-support.js";
import type { Store } from "../store.js";

const LEASE_MS = 60_000;
/** Long enough to be extended in time on a machine that is busy. */
const SHORT_LEASE_MS = 20_000;
const TTL_MS = 60_000;

/** Claiming a key, answering it, letting it go. */
export function describeClaims(store: () => Store): void {
  const claim = (key: string, fingerprint = "body", leaseMs = LEASE_MS) =>
    store().idempotency.claim(key, { fingerprint, leaseMs });
  const claimed = async (key: string): Promise<string> => {
    const result = await claim(key);
    if (result.outcome !== "claimed") throw new Error(result.outcome);
    return result.token;
  };

  test("of many who claim a key at the same time, one gets it", async () => {
    const key = randomName();
    const results = await Promise.all(range(50).map(() => claim(key)));
    expect(results.filter(({ outcome }) => outcome === "claimed")).toHaveLength(
      1,
    );
    for (const result of results) {
      if (result.outcome !== "in_flight") continue;
      expect(result.retryAfterMs).toBeGreaterThan(0);
      expect(result.retryAfterMs).toBeLessThanOrEqual(LEASE_MS);
    }
  });

  test("a confirmed key gives its answer to the same, and a mismatch to anything else", async () => {
    const key = randomName();
    const token = await claimed(key);
    expect(await claim(key, "another body")).toEqual({ outcome: "mismatch" });
    expect(
      await store().idempotency.confirm(key, token, {
        answer: "réponse 🙂",
        ttlMs: TTL_MS,
      }),
    ).toBe(true);
    expect(await claim(key)).toEqual({
      outcome: "done",
      answer: "réponse 🙂",
    });
    expect(await claim(key, "another body")).toEqual({ outcome: "mismatch" });
  });

  test("a released key is free; an answered one is not released", async () => {
    const key = randomName();
    await store().idempotency.release(key, await claimed(key));
    const token = await claimed(key);
    await store().idempotency.release(key, "somebody else's");
    expect((await claim(key)).outcome).toBe("in_flight");
    await store().idempotency.confirm(key, token, {
      answer: "a",
      ttlMs: TTL_MS,
    });
    await store().idempotency.release(key, token);
    expect((await claim(key)).outcome).toBe("done");
  });

  test("a lease that ran out is someone else's, and the first owner's answer counts for nothing", async () => {
    const key = randomName();
    const first = await claim(key, "body", 30);
    const second = await until(async () => {
      const result = await claim(key, "body");
      return result.outcome === "claimed" ? result : undefined;
    });
    const late = first.outcome === "claimed" ? first.token : "";
    expect(
      await store().idempotency.confirm(key, late, {
        answer: "late",
        ttlMs: TTL_MS,
      }),
    ).toBe(false);
    expect(
      await store().idempotency.extend(key, late, { leaseMs: LEASE_MS }),
    ).toBe(false);
    await store().idempotency.release(key, late);
    expect(
      await store().idempotency.confirm(key, second.token, {
        answer: "in time",
        ttlMs: TTL_MS,
      }),
    ).toBe(true);
    expect(await claim(key)).toEqual({ outcome: "done", answer: "in time" });
  });

  test("an extended lease holds for longer", async () => {
    const key = randomName();
    const first = await claim(key, "body", SHORT_LEASE_MS);
    const token = first.outcome === "claimed" ? first.token : "";
    expect(
      await store().idempotency.extend(key, token, { leaseMs: LEASE_MS }),
    ).toBe(true);
    const again = await claim(key);
    expect(
      again.outcome === "in_flight" && again.retryAfterMs > SHORT_LEASE_MS,
    ).toBe(true);
  });

  test("an answer is forgotten after its time", async () => {
    const key = randomName();
    await store().idempotency.confirm(key, await claimed(key), {
      answer: "a",
      ttlMs: 30,
    });
    await until(async () => (await claim(key)).outcome === "claimed");
  });
}
