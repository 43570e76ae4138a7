import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { marksOf, type Marks } from "./decide.js";

const fresh = { deletionCost: undefined, safeToEvict: undefined };

function marks(calls: number, deletionCost?: string): Marks {
  const pod = { ...fresh, deletionCost };
  return marksOf(pod, { kind: "answered", calls });
}

function silent(deletionCost?: string): Marks {
  return marksOf({ ...fresh, deletionCost }, { kind: "silent" });
}

describe("a pod's marks", () => {
  test("let an idle pod go first, and a drain take it", () => {
    expect(marks(0)).toEqual({
      state: "idle",
      deletionCost: "0",
      safeToEvict: "true",
      isSame: false,
    });
    expect(marks(0, "64")).toMatchObject({ deletionCost: "0" });
  });

  test("hold a pod with one call back at once", () => {
    expect(marks(1, "0")).toMatchObject({
      state: "busy",
      deletionCost: "1",
      safeToEvict: "false",
    });
  });

  test.each([
    [1, "1"],
    [2, "2"],
    [3, "2"],
    [7, "4"],
    [200, "128"],
  ])("of a pod with %d calls cost %s", (calls, cost) => {
    expect(marks(calls).deletionCost).toBe(cost);
  });

  test.each([
    [7, "8", "8"],
    [8, "4", "8"],
    [4, "8", "8"],
    [3, "8", "2"],
    [15, "8", "8"],
    [16, "8", "16"],
  ])("with %d calls after a cost of %s cost %s", (calls, before, cost) => {
    expect(marks(calls, before).deletionCost).toBe(cost);
  });

  test("count who does not answer as busy, and as costly as before", () => {
    expect(silent()).toMatchObject({
      state: "silent",
      deletionCost: "1",
      safeToEvict: "false",
    });
    expect(silent("0").deletionCost).toBe("1");
    expect(silent("32").deletionCost).toBe("32");
  });

  test.each(["-5", "many", "1e99", "", "0.5"])(
    "make nothing of a cost %j that somebody wrote by hand",
    (cost) => {
      expect(marks(3, cost).deletionCost).toBe("2");
    },
  );

  test("are the same when they are there already", () => {
    const answered = { kind: "answered", calls: 3 } as const;
    const there = { deletionCost: "2", safeToEvict: "false" };
    expect(marksOf(there, answered).isSame).toBe(true);
    expect(marksOf({ ...there, safeToEvict: "true" }, answered).isSame).toBe(
      false,
    );
  });

  test("never make a pod with more calls much cheaper than one with fewer, and seldom change", () => {
    const counts = fc.array(fc.integer({ min: 0, max: 1 }), {
      minLength: 50,
      maxLength: 200,
    });
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 500 }), counts, (around, steps) => {
        // One call comes or goes, again and again, around one number.
        let cost: string | undefined;
        let changes = 0;
        for (const step of steps) {
          const next = marks(around + step, cost);
          if (next.deletionCost !== cost) changes += 1;
          cost = next.deletionCost;
          expect(Number(cost)).toBeLessThanOrEqual(2 * (around + step));
          expect(2 * Number(cost)).toBeGreaterThan((around + step) / 2);
        }
        expect(changes).toBeLessThanOrEqual(2);
      }),
    );
  });
});
