import { expect, test } from "@jest/globals";
import { randomName } from "@easymo/testbed";
import fc from "fast-check";
import { createMemoryStore } from "../memory-store.js";
import type { Store } from "../store.js";

const LEASE_MS = 60_000;
const TTL_MS = 60_000;

/** That it makes no difference to its users which store they have. */
export function describeSameAnswers(store: () => Store): void {
  test("whatever is done to it, it answers as the store inside the process does", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const prefix = randomName();
        const [here, there] = [createMemoryStore(), store()];
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
