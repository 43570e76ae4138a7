import { describe, expect, test } from "@jest/globals";
import { ManualClock } from "@easymo/service-kit";
import { Events } from "./events.js";

interface Happenings {
  said: string;
  tick: number;
}

function start() {
  const clock = new ManualClock();
  return { clock, events: new Events<Happenings>(clock, ["said"]) };
}

describe("waiting for an event", () => {
  test("is over with the first one that matches", async () => {
    const { events } = start();
    const waiting = events.waitFor("tick", (n) => n > 1);
    events.emit("tick", 1);
    events.emit("tick", 2);
    expect(await waiting).toBe(2);
  });

  test("is answered at once by a remembered one", async () => {
    const { events } = start();
    events.emit("said", "hello");
    expect(await events.waitFor("said")).toBe("hello");
    expect(events.past("said")).toEqual(["hello"]);
    expect(events.past("tick")).toEqual([]);
  });

  test("fails when the time is over, and leaves nothing behind", async () => {
    const { clock, events } = start();
    const waiting = events.waitFor("tick", undefined, { timeoutMs: 100 });
    clock.advance(100);
    await expect(waiting).rejects.toThrow(
      'Waited for "tick" in vain: 100 ms have passed.',
    );
    expect(clock.pendingTimers).toBe(0);
  });

  test("fails when it cannot come any more", async () => {
    const { events } = start();
    const waiting = events.waitFor("tick");
    events.finish("the call has ended");
    await expect(waiting).rejects.toThrow("the call has ended");
    await expect(events.waitFor("tick")).rejects.toThrow("the call has ended");
  });
});

test("a listener that was taken off hears no more", () => {
  const { events } = start();
  const heard: number[] = [];
  const off = events.on("tick", (n) => heard.push(n));
  events.emit("tick", 1);
  off();
  events.emit("tick", 2);
  expect(heard).toEqual([1]);
});
