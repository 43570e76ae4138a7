import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { range } from "../test-support.js";
import { OffsetTracker } from "./offset-tracker.js";
import { afterFailure } from "./after-failure.js";
import { nextStep } from "./retry-headers.js";

describe("which offsets may be committed", () => {
  test("are those of the prefix that is done, whatever the order of the ends", () => {
    const orders = fc
      .array(fc.nat({ max: 20 }), { maxLength: 40 })
      .chain((gaps) =>
        fc
          .shuffledSubarray(range(gaps.length), {
            minLength: 0,
            maxLength: gaps.length,
          })
          .map((order) => ({ gaps, order })),
      );
    fc.assert(
      fc.property(orders, ({ gaps, order }) => {
        const tracker = new OffsetTracker();
        // Offsets rise, with gaps as compaction leaves them.
        let offset = 0;
        const received = gaps.map((gap) =>
          tracker.receive((offset += gap + 1)),
        );
        const done = new Set<number>();
        for (const at of order) {
          const tracked = received[at];
          if (tracked === undefined) throw new Error("not received");
          tracker.finish(tracked);
          done.add(at);
          const prefix = range(gaps.length).findIndex((n) => !done.has(n));
          const last = prefix === -1 ? gaps.length : prefix;
          const expected =
            last === 0 ? undefined : (received[last - 1]?.offset ?? 0) + 1;
          expect(tracker.committable).toBe(expected);
          expect(tracker.size).toBe(gaps.length - last);
        }
      }),
    );
  });

  test("an offset that comes again is known, until it was committed: then the log is another", () => {
    const tracker = new OffsetTracker();
    const [zero, one] = [tracker.receive(0), tracker.receive(1)];
    if (zero === undefined || one === undefined)
      throw new Error("not received");
    tracker.finish(zero);
    expect(tracker.receive(0)).toBeUndefined();
    expect(tracker.receive(1)).toBeUndefined();
    tracker.committed(1);
    expect(tracker.committable).toBeUndefined();
    expect(tracker.receive(1)).toBeUndefined();
    expect(tracker.receive(0)).toMatchObject({ offset: 0, done: false });
    expect(tracker.receive(1)).toMatchObject({ offset: 1, done: false });
  });
});

describe("what follows a failed attempt", () => {
  const delays = [10, 20];
  test.each([
    [1, new Error("x"), { step: "retry", delayMs: 10 }],
    [2, new Error("x"), { step: "retry", delayMs: 20 }],
    [3, new Error("x"), { step: "dead_letter" }],
    [
      1,
      Object.assign(new Error("x"), { retryable: false }),
      { step: "dead_letter" },
    ],
    [
      1,
      Object.assign(new Error("x"), { retryable: true }),
      { step: "retry", delayMs: 10 },
    ],
    [1, "not an error", { step: "retry", delayMs: 10 }],
  ])("after attempt %d with %p is %p", (attempt, error, step) => {
    expect(nextStep(attempt, delays, error)).toEqual(step);
  });
});

describe("where a record goes whose event failed", () => {
  const state = { originTopic: "t", group: "g", attempts: 1, notBeforeMs: 0 };
  const options = { retryDelaysMs: [10_000, 20_000], nowMs: 50_000, spread: 1 };
  const error = new Error("x");

  test("to its next attempt, one more being counted", () => {
    expect(afterFailure(state, error, {}, options)).toEqual({
      step: "retry",
      state: { ...state, attempts: 2, notBeforeMs: 70_000 },
    });
    expect(
      afterFailure({ ...state, attempts: 2 }, error, {}, options).step,
    ).toBe("dead_letter");
  });

  test("untried, to a later look that counts no attempt, until its patience is over", () => {
    const untried = { untried: true };
    expect(afterFailure(state, error, untried, options)).toEqual({
      step: "retry",
      state: { ...state, sinceMs: 50_000, notBeforeMs: 62_500 },
    });
    const old = { ...state, sinceMs: 20_000 };
    expect(afterFailure(old, error, untried, options).state.attempts).toBe(2);
  });
});
