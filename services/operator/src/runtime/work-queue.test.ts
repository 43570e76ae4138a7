import { describe, expect, test } from "@jest/globals";
import { ManualClock } from "@easymo/service-kit";
import fc from "fast-check";
import type { ObjectKey } from "./object-key.js";
import { WorkQueue } from "./work-queue.js";

const key = (name: string): ObjectKey => ({ namespace: "desk", name });

function queue(options: { retriesAtOnce?: number } = {}) {
  const clock = new ManualClock();
  return {
    clock,
    queue: new WorkQueue({ clock, random: () => 0, ...options }),
  };
}

/** What a queue gives at once; undefined when a worker would wait. */
async function next(from: WorkQueue): Promise<string | undefined> {
  const giveUp = new AbortController();
  const taking = from.take(giveUp.signal);
  await Promise.resolve();
  giveUp.abort();
  return (await taking)?.name;
}

describe("a work queue", () => {
  test("gives keys in the order of coming, each once however often it was added", async () => {
    const { queue: q } = queue();
    for (const name of ["a", "b", "a", "c", "b"]) q.add(key(name));
    expect(q.depth).toBe(3);
    expect([await next(q), await next(q), await next(q)]).toEqual([
      "a",
      "b",
      "c",
    ]);
    expect(await next(q)).toBeUndefined();
  });

  test("keeps a key that comes while a worker has it until that worker is done", async () => {
    const { queue: q } = queue();
    q.add(key("a"));
    await next(q);
    q.add(key("a"));
    expect(await next(q)).toBeUndefined();
    expect(q.depth).toBe(1);
    q.done(key("a"));
    expect(await next(q)).toBe("a");
  });

  test("wakes a worker that waits", async () => {
    const { queue: q } = queue();
    const taking = q.take(new AbortController().signal);
    q.add(key("a"));
    expect(await taking).toEqual(key("a"));
  });

  test("hands on the key of a worker that was woken and gave up", async () => {
    const { queue: q } = queue();
    const leaving = new AbortController();
    const first = q.take(leaving.signal);
    const second = q.take(new AbortController().signal);
    q.add(key("a"));
    leaving.abort();
    expect(await first).toBeUndefined();
    expect(await second).toEqual(key("a"));
  });

  test("of several times for one key takes the earliest", async () => {
    const { queue: q, clock } = queue();
    q.addAfter(key("a"), 100);
    q.addAfter(key("a"), 50);
    q.addAfter(key("a"), 200);
    clock.advance(49);
    expect(await next(q)).toBeUndefined();
    clock.advance(1);
    expect(await next(q)).toBe("a");
    q.done(key("a"));
    clock.advance(1_000);
    expect(await next(q)).toBeUndefined();
  });

  test("lets a key that fails wait twice as long each time, until it is forgotten", () => {
    const { queue: q, clock } = queue();
    const delays = Array.from({ length: 11 }, () => {
      const delayMs = q.addRateLimited(key("a"));
      clock.advance(delayMs);
      return delayMs;
    });
    expect(delays.slice(0, 4)).toEqual([100, 200, 400, 800]);
    expect(delays.at(-1)).toBe(30_000);
    q.forget(key("a"));
    expect(q.addRateLimited(key("a"))).toBe(100);
  });

  test("waits as long as the one who refused asked for", () => {
    expect(queue().queue.addRateLimited(key("a"), 7_000)).toBe(7_000);
  });

  test("spreads the retries of many keys over time", () => {
    const { queue: q } = queue({ retriesAtOnce: 10 });
    const delays = Array.from({ length: 110 }, (_, at) =>
      q.addRateLimited(key(`k${at}`)),
    );
    expect(delays.slice(0, 10)).toEqual(Array(10).fill(100));
    expect(delays.at(-1)).toBe(2_000);
  });

  test("drops what waits when it is cleared, and no timer is left", async () => {
    const { queue: q, clock } = queue();
    q.add(key("a"));
    q.addAfter(key("b"), 10);
    q.clear();
    expect([await next(q), q.depth, clock.pendingTimers]).toEqual([
      undefined,
      0,
      0,
    ]);
  });
});

type Step =
  | { readonly do: "add"; readonly name: string }
  | { readonly do: "addAfter"; readonly name: string; readonly ms: number }
  | { readonly do: "finish"; readonly worker: number; readonly failed: boolean }
  | { readonly do: "pass"; readonly ms: number };

const name = fc.constantFrom("a", "b", "c", "d");
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("add"), name }),
  fc.record({ do: fc.constant("addAfter"), name, ms: fc.nat(500) }),
  fc.record({
    do: fc.constant("finish"),
    worker: fc.nat(2),
    failed: fc.boolean(),
  }),
  fc.record({ do: fc.constant("pass"), ms: fc.nat(400) }),
);

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Workers that take keys and keep them until they are told to finish, and what they see. */
class Workers {
  readonly #queue: WorkQueue;
  readonly #signal: AbortSignal;
  readonly #hands = new Map<number, { key: ObjectKey; finish: () => void }>();
  /** Added, and no look has begun since. */
  readonly unseen = new Set<string>();

  constructor(queue: WorkQueue, signal: AbortSignal) {
    this.#queue = queue;
    this.#signal = signal;
  }

  async work(worker: number): Promise<void> {
    for (;;) {
      const taken = await this.#queue.take(this.#signal);
      if (taken === undefined) return;
      const names = [...this.#hands.values()].map(({ key: held }) => held.name);
      expect(names).not.toContain(taken.name);
      this.unseen.delete(taken.name);
      await new Promise<void>((finish) =>
        this.#hands.set(worker, { key: taken, finish }),
      );
    }
  }

  async finish(worker: number, failed: boolean): Promise<void> {
    const held = this.#hands.get(worker);
    if (held === undefined) return;
    this.#hands.delete(worker);
    if (failed) {
      this.#queue.addRateLimited(held.key);
      this.unseen.add(held.key.name);
    } else this.#queue.forget(held.key);
    this.#queue.done(held.key);
    held.finish();
    await settle();
  }

  get holding(): readonly number[] {
    return [...this.#hands.keys()];
  }
}

test("whatever happens, no key is in two hands, and none that was added goes without a look", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { queue: q, clock } = queue();
      const stop = new AbortController();
      const workers = new Workers(q, stop.signal);
      const working = [0, 1, 2].map((worker) => workers.work(worker));
      for (const one of steps) {
        if (one.do === "add") q.add(key(one.name));
        if (one.do === "addAfter") q.addAfter(key(one.name), one.ms);
        if (one.do === "add" || one.do === "addAfter")
          workers.unseen.add(one.name);
        if (one.do === "finish") await workers.finish(one.worker, one.failed);
        if (one.do === "pass") clock.advance(one.ms);
        await settle();
      }
      // From here on everything goes well.
      clock.advance(600_000);
      await settle();
      while (workers.holding.length > 0)
        for (const worker of workers.holding)
          await workers.finish(worker, false);
      expect([...workers.unseen]).toEqual([]);
      expect([q.depth, clock.pendingTimers]).toEqual([0, 0]);
      stop.abort();
      await Promise.all(working);
    }),
    { numRuns: 200 },
  );
});
