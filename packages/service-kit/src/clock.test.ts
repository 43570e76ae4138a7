import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { ManualClock, systemClock } from "./clock.js";

describe("the manual clock", () => {
  test("stands still until it is advanced", () => {
    const clock = new ManualClock(1_000);
    expect([clock.now(), clock.monotonicMs()]).toEqual([1_000, 0]);
    clock.advance(250);
    expect([clock.now(), clock.monotonicMs()]).toEqual([1_250, 250]);
  });

  test("runs due timers in order of time, then of arming, at their own time", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(100), { maxLength: 30 }),
        fc.nat(120),
        (delays, advanceMs) => {
          const clock = new ManualClock();
          const fired: [delayMs: number, index: number][] = [];
          delays.forEach((delayMs, index) => {
            clock.setTimeout(() => {
              expect(clock.monotonicMs()).toBe(delayMs);
              fired.push([delayMs, index]);
            }, delayMs);
          });
          clock.advance(advanceMs);
          const due = delays
            .map((delayMs, index): [number, number] => [delayMs, index])
            .filter(([delayMs]) => delayMs <= advanceMs)
            .sort(([a, i], [b, j]) => a - b || i - j);
          expect(fired).toEqual(due);
          expect(clock.pendingTimers).toBe(delays.length - due.length);
          expect(clock.monotonicMs()).toBe(advanceMs);
        },
      ),
    );
  });

  test("runs timers that are armed on the way when they fall due in the same advance", () => {
    const clock = new ManualClock();
    const at: number[] = [];
    const tick = (): void => {
      at.push(clock.monotonicMs());
      clock.setTimeout(tick, 10);
    };
    clock.setTimeout(tick, 10);
    clock.advance(35);
    expect(at).toEqual([10, 20, 30]);
  });

  test("does not run a cancelled timer", () => {
    const clock = new ManualClock();
    let fired = false;
    clock.setTimeout(() => (fired = true), 5).cancel();
    clock.advance(10);
    expect(fired).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  test("lets asynchronous code arm its next timer between two", async () => {
    const clock = new ManualClock();
    const at: number[] = [];
    const sleep = (ms: number) =>
      new Promise<void>((resolve) => {
        clock.setTimeout(resolve, ms);
      });
    const loop = (async () => {
      for (let turn = 0; turn < 3; turn++) {
        await sleep(10);
        at.push(clock.monotonicMs());
      }
    })();
    await clock.advanceAsync(30);
    await loop;
    expect(at).toEqual([10, 20, 30]);
  });
});

describe("the system clock", () => {
  test("fires a timer whose delay is negative or not a number, without a warning", async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on("warning", note);
    try {
      for (const delayMs of [-5, Number.NaN]) {
        await new Promise<void>((resolve) => {
          systemClock.setTimeout(resolve, delayMs);
        });
      }
      expect(warnings).toEqual([]);
    } finally {
      process.off("warning", note);
    }
  });

  test("does not fire at once when the delay is longer than Node's longest", async () => {
    let fired = false;
    const timer = systemClock.setTimeout(() => (fired = true), 2 ** 31 + 5_000);
    await new Promise<void>((resolve) => {
      systemClock.setTimeout(resolve, 20);
    });
    timer.cancel();
    expect(fired).toBe(false);
  });

  test("never goes back", () => {
    const first = systemClock.monotonicMs();
    expect(systemClock.monotonicMs()).toBeGreaterThanOrEqual(first);
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000);
  });
});
