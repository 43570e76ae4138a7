import { describe, expect, test } from "@jest/globals";
import { ManualClock } from "@easymo/service-kit";
import { Pacer } from "./pacer.js";

function counter() {
  return {
    ticks: 0,
    tick() {
      this.ticks += 1;
    },
  };
}

describe("the pacer", () => {
  test("ticks each call once a period", () => {
    const clock = new ManualClock();
    const pacer = new Pacer(clock, 20);
    const call = counter();
    pacer.add(call);
    clock.advance(19);
    expect(call.ticks).toBe(0);
    clock.advance(1);
    expect(call.ticks).toBe(1);
    clock.advance(200);
    expect(call.ticks).toBe(11);
  });

  test("drives every call with one timer, each at its own phase", () => {
    const clock = new ManualClock();
    const pacer = new Pacer(clock, 20);
    const first = counter();
    const second = counter();
    pacer.add(first);
    clock.advance(7);
    pacer.add(second);
    expect(clock.pendingTimers).toBe(1);
    clock.advance(13);
    expect([first.ticks, second.ticks]).toEqual([1, 0]);
    clock.advance(7);
    expect([first.ticks, second.ticks]).toEqual([1, 1]);
    expect(clock.pendingTimers).toBe(1);
  });

  test("makes up for a timer that came late, so that no audio is lost", () => {
    const clock = new LateClock();
    const pacer = new Pacer(clock, 20);
    const call = counter();
    pacer.add(call);
    clock.lateBy(1000);
    expect(call.ticks).toBe(51);
  });

  test("leaves no timer behind when the last call has gone", () => {
    const clock = new ManualClock();
    const pacer = new Pacer(clock, 20);
    const call = counter();
    pacer.add(call);
    pacer.remove(call);
    expect(clock.pendingTimers).toBe(0);
    clock.advance(100);
    expect(call.ticks).toBe(0);
  });

  test("lets a call leave in the middle of its own tick", () => {
    const clock = new ManualClock();
    const pacer = new Pacer(clock, 20);
    let ticks = 0;
    const call = {
      tick: () => {
        ticks += 1;
        pacer.remove(call);
      },
    };
    pacer.add(call);
    clock.advance(200);
    expect(ticks).toBe(1);
    expect(pacer.size).toBe(0);
  });
});

/** A clock whose one timer fires long after it was due. */
class LateClock extends ManualClock {
  #elapsedMs = 0;
  #fire: (() => void) | undefined;

  override monotonicMs(): number {
    return this.#elapsedMs;
  }

  override setTimeout(fn: () => void) {
    this.#fire = fn;
    return { cancel: () => (this.#fire = undefined) };
  }

  lateBy(ms: number): void {
    this.#elapsedMs += 20 + ms;
    this.#fire?.();
  }
}
