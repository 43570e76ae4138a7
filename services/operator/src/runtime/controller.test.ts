import { describe, expect, test } from "@jest/globals";
import { createLogger, createMetrics, ManualClock } from "@easymo/service-kit";
import {
  createController,
  type ControllerOptions,
  type Term,
} from "./controller.js";
import { KubernetesError, NotLeaderError } from "./errors.js";
import { fixedKeys, keysFrom, type KeySource } from "./key-source.js";
import type { CacheListener, ObjectCache } from "./object-cache.js";
import type { ObjectKey } from "./object-key.js";
import type { Reconciler, ReconcileResult } from "./reconciler.js";

const key = (name: string): ObjectKey => ({ namespace: "easymo", name });

/** A cache that a test fills. */
class Shelf implements ObjectCache<string> {
  readonly #objects = new Map<string, string>();
  readonly #listeners = new Set<CacheListener<string>>();

  put(name: string, object: string | undefined): void {
    if (object === undefined) this.#objects.delete(name);
    else this.#objects.set(name, object);
    for (const listener of this.#listeners) listener(key(name), object);
  }
  get({ name }: ObjectKey): string | undefined {
    return this.#objects.get(name);
  }
  list(): readonly string[] {
    return [...this.#objects.values()];
  }
  keys(): readonly ObjectKey[] {
    return [...this.#objects.keys()].map(key);
  }
  synced(): boolean {
    return true;
  }
  onChange(listener: CacheListener<string>): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

/** Notes what it is asked to look at, and answers as it is told. */
class Noting implements Reconciler {
  readonly name = "noting";
  readonly looks: string[] = [];
  answer: (name: string) => Promise<ReconcileResult | void> = () =>
    Promise.resolve();

  reconcile({ name }: ObjectKey): Promise<ReconcileResult | void> {
    this.looks.push(name);
    return this.answer(name);
  }

  /** What it was asked to look at since it was last asked for this. */
  taken(): string[] {
    return this.looks.splice(0);
  }
}

function run(
  sources: readonly KeySource[],
  options: Partial<ControllerOptions> = {},
) {
  const clock = new ManualClock();
  const metrics = createMetrics();
  const reconciler = new Noting();
  const controller = createController({
    reconciler,
    sources,
    resyncMs: 300_000,
    queue: { random: () => 0 },
    logger: createLogger({ name: "test", level: "silent" }),
    metrics,
    clock,
    ...options,
  });
  const ending = new AbortController();
  const term: Term = {
    signal: ending.signal,
    assertLeader: () => {
      if (ending.signal.aborted) throw new NotLeaderError();
    },
  };
  const ended = controller.run(term);
  const shown = (name: string) =>
    metrics.registry.getSingleMetricAsString(name);
  return { clock, reconciler, ending, ended, shown, controller };
}

describe("a controller", () => {
  test("looks at everything at first, then at what changes, and at everything again now and then", async () => {
    const shelf = new Shelf();
    shelf.put("a", "1");
    shelf.put("b", "1");
    const { clock, reconciler } = run([keysFrom(shelf), fixedKeys(key("c"))]);
    await clock.advanceAsync(0);
    expect(reconciler.taken()).toEqual(["a", "b", "c"]);
    shelf.put("b", "2");
    shelf.put("a", undefined);
    await clock.advanceAsync(0);
    expect(reconciler.taken()).toEqual(["b", "a"]);
    await clock.advanceAsync(300_000);
    expect(reconciler.taken()).toEqual(["b", "c"]);
    await clock.advanceAsync(300_000);
    expect(reconciler.taken()).toEqual(["b", "c"]);
  });

  test("looks once at what many changes concern, when they come together", async () => {
    const shelf = new Shelf();
    const whole = keysFrom(shelf, () => [key("whole")]);
    const { clock, reconciler } = run([whole], { coalesceMs: 50 });
    for (let at = 0; at < 100; at += 1) shelf.put(`k${at}`, "1");
    await clock.advanceAsync(49);
    expect(reconciler.taken()).toEqual([]);
    await clock.advanceAsync(1);
    expect(reconciler.taken()).toEqual(["whole"]);
  });

  test("looks again when it was asked to, and after a failure, later each time", async () => {
    const { clock, reconciler, shown } = run([fixedKeys(key("a"))]);
    reconciler.answer = () => Promise.resolve({ requeueAfterMs: 10_000 });
    await clock.advanceAsync(10_000);
    expect(reconciler.taken()).toEqual(["a", "a"]);
    reconciler.answer = () => Promise.reject(new Error("no"));
    await clock.advanceAsync(10_000 + 100 + 200 + 400);
    expect(reconciler.taken()).toEqual(["a", "a", "a", "a"]);
    expect(await shown("easymo_operator_reconcile_total")).toContain(
      'easymo_operator_reconcile_total{controller="noting",outcome="error"} 4',
    );
    expect(await shown("easymo_operator_reconcile_total")).toContain(
      '{controller="noting",outcome="success"} 2',
    );
    expect(await shown("easymo_operator_reconcile_seconds")).toContain(
      'easymo_operator_reconcile_seconds_count{controller="noting"} 6',
    );
  });

  test("takes a conflict for no error, and waits as long as the API server asks", async () => {
    const { clock, reconciler, shown } = run([fixedKeys(key("a"))]);
    const answers = [
      new KubernetesError("changed", { status: 409 }),
      new KubernetesError("busy", { status: 429, retryAfterMs: 5_000 }),
    ];
    reconciler.answer = () => {
      const error = answers.shift();
      return error === undefined ? Promise.resolve() : Promise.reject(error);
    };
    await clock.advanceAsync(5_099);
    expect(reconciler.taken()).toEqual(["a", "a"]);
    await clock.advanceAsync(1);
    expect(reconciler.taken()).toEqual(["a"]);
    expect(await shown("easymo_operator_reconcile_total")).toContain(
      'outcome="conflict"} 1',
    );
  });

  test("ends with its term: nothing is looked at any more, what was begun has ended, nothing is left armed", async () => {
    const shelf = new Shelf();
    shelf.put("a", "1");
    const { clock, reconciler, ending, ended, shown } = run([keysFrom(shelf)]);
    let finish = (): void => undefined;
    reconciler.answer = () =>
      new Promise((_resolve, reject) => {
        finish = () => reject(new NotLeaderError());
      });
    await clock.advanceAsync(0);
    ending.abort();
    let isOver = false;
    void ended.then(() => (isOver = true));
    shelf.put("b", "1");
    await clock.advanceAsync(1_000);
    expect(isOver).toBe(false);
    finish();
    await ended;
    shelf.put("c", "1");
    await clock.advanceAsync(600_000);
    expect(reconciler.looks).toEqual(["a"]);
    expect(clock.pendingTimers).toBe(0);
    expect(await shown("easymo_operator_reconcile_total")).toContain(
      'outcome="not_leader"} 1',
    );
  });

  test("looks at everything again in its next term", async () => {
    const shelf = new Shelf();
    shelf.put("a", "1");
    const { clock, reconciler, ending, ended, controller } = run([
      keysFrom(shelf),
    ]);
    await clock.advanceAsync(0);
    ending.abort();
    await ended;
    shelf.put("b", "1");
    reconciler.taken();
    const again = new AbortController();
    const running = controller.run({
      signal: again.signal,
      assertLeader: () => undefined,
    });
    await clock.advanceAsync(0);
    expect(reconciler.taken()).toEqual(["a", "b"]);
    again.abort();
    await running;
  });

  test("shows how much waits", async () => {
    const { clock, reconciler, shown } = run([
      fixedKeys(key("a"), key("b"), key("c")),
    ]);
    reconciler.answer = () => new Promise(() => undefined);
    await clock.advanceAsync(0);
    expect(await shown("easymo_operator_queue_depth")).toContain(
      'easymo_operator_queue_depth{controller="noting"} 2',
    );
  });
});
