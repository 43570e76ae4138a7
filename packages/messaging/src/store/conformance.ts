import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { randomName, until } from "@easymo/testbed";
import fc from "fast-check";
import { range } from "../test-support.js";
import { createMemoryStore } from "./memory-store.js";
import type { Store } from "./store.js";

const LEASE_MS = 60_000;
const TTL_MS = 60_000;

/** What every store promises. */
export function describeStore(name: string, open: () => Promise<Store>): void {
  describe(name, () => {
    let store: Store;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    const claim = (key: string, fingerprint = "body", leaseMs = LEASE_MS) =>
      store.idempotency.claim(key, { fingerprint, leaseMs });
    const claimed = async (key: string): Promise<string> => {
      const result = await claim(key);
      if (result.outcome !== "claimed") throw new Error(result.outcome);
      return result.token;
    };

    const change = (
      key: string,
      expected: string | undefined,
      version: string,
      value = `value of ${version}`,
    ) => ({ key, expected, version, value, ttlMs: TTL_MS });

    test("versioned values are read and written in batches, each group by its own versions", async () => {
      const { versioned } = store;
      const tag = `{${randomName()}}`;
      const [a, b, c] = [`${tag}:a`, `${tag}:b`, `${randomName()}:c`];
      expect(
        await versioned.write([
          [change(a, undefined, "1", "é: 1")],
          [change(b, undefined, "1")],
          [change(c, "1", "2")],
        ]),
      ).toEqual([true, true, false]);
      expect(await versioned.read([a, c, b])).toEqual([
        { version: "1", value: "é: 1" },
        undefined,
        { version: "1", value: "value of 1" },
      ]);
      expect(
        await versioned.write([
          [change(a, "1", "2"), change(b, "7", "8")],
          [change(b, "1", "2")],
          [change(c, undefined, "1")],
        ]),
      ).toEqual([false, true, true]);
      expect(await versioned.read([a, b, c])).toEqual([
        { version: "1", value: "é: 1" },
        { version: "2", value: "value of 2" },
        { version: "1", value: "value of 1" },
      ]);
      expect(await versioned.read([])).toEqual([]);
      expect(await versioned.write([])).toEqual([]);
    });

    test("a group whose keys need not be together is refused: a cluster could not write it whole", async () => {
      const write = async () =>
        store.versioned.write([
          [
            change(`{${randomName()}}:a`, undefined, "1"),
            change(`{${randomName()}}:b`, undefined, "1"),
          ],
        ]);
      await expect(write()).rejects.toThrow("same words in braces");
    });

    test("what is due is given to one who asks, and again when they are late; what is not due any more to nobody", async () => {
      const tag = randomName();
      const [a, b, c, d] = ["a", "b", "c", "d"].map((it) => `{${tag}}:${it}`);
      const due = (key = "", dueMs: number | null = null, before?: string) => ({
        ...change(key, before, before === undefined ? "1" : "2"),
        dueMs,
      });
      const { versioned } = store;
      await versioned.write([
        [due(a, 2_000), due(b, 1_000)],
        [due(c, 3_000)],
        [due(d, 500)],
        [due(`{${randomName()}}:elsewhere`, 1)],
      ]);
      // As before; not any more; and of a group that is not written, nothing.
      await versioned.write([
        [change(a ?? "", "1", "2")],
        [due(d, null, "1")],
        [due(c, 1, "9")],
      ]);
      const claim = (nowMs: number, limit = 10) =>
        versioned.claimDue(tag, { nowMs, againMs: nowMs + 5_000, limit });
      expect(await claim(999)).toEqual([]);
      expect(await claim(2_000, 1)).toEqual([b]);
      const both = await Promise.all([claim(2_000), claim(2_000)]);
      expect(both.flat()).toEqual([a]);
      expect(await claim(6_999)).toEqual([c]);
      await versioned.dropDue(tag, [a ?? ""]);
      await versioned.dropDue(tag, []);
      expect(await claim(8_000)).toEqual([b]);
    });

    test("of many who change a version at the same time, one does", async () => {
      const key = randomName();
      await store.versioned.write([[change(key, undefined, "0")]]);
      const results = await Promise.all(
        range(50).map((n) =>
          store.versioned.write([[change(key, "0", `by-${n}`)]]),
        ),
      );
      expect(results.flat().filter(Boolean)).toHaveLength(1);
    });

    test("a batch of thousands of versioned values comes back in order", async () => {
      const tags = range(5).map(() => randomName());
      const keys = range(3_000).map((n) => `{${tags[n % 5]}}:${n}`);
      const groups = keys.map((key) => [change(key, undefined, "1", key)]);
      expect((await store.versioned.write(groups)).every((done) => done)).toBe(
        true,
      );
      const read = await store.versioned.read(keys);
      expect(read.map((entry) => entry?.value)).toEqual(keys);
    });

    test("of many who claim a key at the same time, one gets it", async () => {
      const key = randomName();
      const results = await Promise.all(range(50).map(() => claim(key)));
      expect(
        results.filter(({ outcome }) => outcome === "claimed"),
      ).toHaveLength(1);
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
        await store.idempotency.confirm(key, token, {
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
      await store.idempotency.release(key, await claimed(key));
      const token = await claimed(key);
      await store.idempotency.release(key, "somebody else's");
      expect((await claim(key)).outcome).toBe("in_flight");
      await store.idempotency.confirm(key, token, {
        answer: "a",
        ttlMs: TTL_MS,
      });
      await store.idempotency.release(key, token);
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
        await store.idempotency.confirm(key, late, {
          answer: "late",
          ttlMs: TTL_MS,
        }),
      ).toBe(false);
      expect(
        await store.idempotency.extend(key, late, { leaseMs: LEASE_MS }),
      ).toBe(false);
      await store.idempotency.release(key, late);
      expect(
        await store.idempotency.confirm(key, second.token, {
          answer: "in time",
          ttlMs: TTL_MS,
        }),
      ).toBe(true);
      expect(await claim(key)).toEqual({ outcome: "done", answer: "in time" });
    });

    test("a broadcast reaches every listener of its channel, in order, and nobody else", async () => {
      const { broadcasts } = store;
      const channel = randomName();
      const heard: [string[], string[], string[]] = [[], [], []];
      const listenings = [channel, channel, randomName()].map((name, at) =>
        broadcasts.listen(name, (message) => heard[at]?.push(message)),
      );
      await Promise.all(listenings.map(({ ready }) => ready));
      expect(await broadcasts.send(channel, "un")).toBe(2);
      expect(await broadcasts.send(channel, "deux 🙂")).toBe(2);
      await until(() => heard[0].length + heard[1].length === 4);
      expect(heard).toEqual([["un", "deux 🙂"], ["un", "deux 🙂"], []]);
      await listenings[0]?.end();
      await until(async () => (await broadcasts.send(channel, "trois")) === 1);
      await until(() => heard[1].includes("trois"));
      expect(heard[0]).not.toContain("trois");
      await Promise.all(listenings.map((listening) => listening.end()));
      await until(async () => (await broadcasts.send(channel, "-")) === 0);
    });

    test("an extended lease holds for longer", async () => {
      const key = randomName();
      const first = await claim(key, "body", 40);
      const token = first.outcome === "claimed" ? first.token : "";
      expect(
        await store.idempotency.extend(key, token, { leaseMs: LEASE_MS }),
      ).toBe(true);
      const again = await claim(key);
      expect(again.outcome === "in_flight" && again.retryAfterMs > 1_000).toBe(
        true,
      );
    });

    test("an answer is forgotten after its time", async () => {
      const key = randomName();
      await store.idempotency.confirm(key, await claimed(key), {
        answer: "a",
        ttlMs: 30,
      });
      await until(async () => (await claim(key)).outcome === "claimed");
    });

    test("of many who compare and set at the same time, one succeeds", async () => {
      const key = randomName();
      const set = (expected: string | undefined, name = "v") =>
        Promise.all(
          range(30).map((n) =>
            store.keyValue.compareAndSet(key, expected, `${name}${n}`, {
              ttlMs: TTL_MS,
            }),
          ),
        );
      expect((await set(undefined)).filter(Boolean)).toHaveLength(1);
      const value = await store.keyValue.get(key);
      expect((await set("not it")).filter(Boolean)).toHaveLength(0);
      expect((await set(value, "w")).filter(Boolean)).toHaveLength(1);
    });

    test("of many who set a value that must be absent, one succeeds", async () => {
      const key = randomName();
      const results = await Promise.all(
        range(30).map((n) =>
          store.keyValue.setIfAbsent(key, `v${n}`, { ttlMs: TTL_MS }),
        ),
      );
      expect(results.filter(Boolean)).toHaveLength(1);
      expect(await store.keyValue.get(key)).toBe(`v${results.indexOf(true)}`);
    });

    test("a value lives as long as it was told, and an empty one is a value", async () => {
      const key = randomName();
      await store.keyValue.set(key, "", { ttlMs: TTL_MS });
      expect(await store.keyValue.get(key)).toBe("");
      expect(
        await store.keyValue.compareAndSet(key, undefined, "x", {
          ttlMs: TTL_MS,
        }),
      ).toBe(false);
      expect(
        await store.keyValue.compareAndSet(key, "", "x", { ttlMs: 30 }),
      ).toBe(true);
      await until(async () => (await store.keyValue.get(key)) === undefined);
      await store.keyValue.set(key, "y", { ttlMs: TTL_MS });
      await store.keyValue.delete(key);
      expect(await store.keyValue.get(key)).toBeUndefined();
    });

    test("answers a check", async () => {
      await expect(store.check()).resolves.toBeUndefined();
    });

    test("whatever is done to it, it answers as the store inside the process does", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          const prefix = randomName();
          const [here, there] = [createMemoryStore(), store];
          const tokens = {
            here: new Map<string, string>(),
            there: new Map<string, string>(),
          };
          for (const one of steps) {
            const [mine, theirs] = [
              await perform(here, prefix, one, tokens.here),
              await perform(there, prefix, one, tokens.there),
            ];
            expect(theirs).toEqual(mine);
          }
        }),
        { numRuns: 60 },
      );
    });
  });
}

const key = fc.constantFrom("a", "b");
const text = fc.constantFrom("", "x", "y", "ü🙂");

const step = fc.oneof(
  fc.record({ do: fc.constant("claim" as const), key, text }),
  fc.record({ do: fc.constant("confirm" as const), key, text }),
  fc.record({ do: fc.constant("extend" as const), key, text }),
  fc.record({ do: fc.constant("release" as const), key, text }),
  fc.record({ do: fc.constant("set" as const), key, text }),
  fc.record({ do: fc.constant("setIfAbsent" as const), key, text }),
  fc.record({
    do: fc.constant("compareAndSet" as const),
    key,
    text,
    expected: fc.option(text, { nil: undefined }),
  }),
  fc.record({ do: fc.constant("get" as const), key, text }),
  fc.record({ do: fc.constant("delete" as const), key, text }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** One step; what differs by nature between two stores (tokens, times) is left out of the answer. */
async function perform(
  { idempotency, keyValue }: Store,
  prefix: string,
  one: Step,
  tokens: Map<string, string>,
): Promise<unknown> {
  const name = `${prefix}:${one.key}`;
  const token = tokens.get(name) ?? "none";
  const ttl = { ttlMs: TTL_MS };
  switch (one.do) {
    case "claim": {
      const result = await idempotency.claim(name, {
        fingerprint: one.text,
        leaseMs: LEASE_MS,
      });
      if (result.outcome === "claimed") tokens.set(name, result.token);
      return result.outcome === "done" ? result : result.outcome;
    }
    case "confirm":
      return idempotency.confirm(name, token, { answer: one.text, ...ttl });
    case "extend":
      return idempotency.extend(name, token, { leaseMs: LEASE_MS });
    case "release":
      return idempotency.release(name, token);
    case "set":
      return keyValue.set(name, one.text, ttl);
    case "setIfAbsent":
      return keyValue.setIfAbsent(name, one.text, ttl);
    case "compareAndSet":
      return keyValue.compareAndSet(name, one.expected, one.text, ttl);
    case "get":
      return keyValue.get(name);
    case "delete":
      return keyValue.delete(name);
  }
}
