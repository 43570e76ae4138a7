import { createMemoryStore, type VersionedStore } from "@easymo/messaging";
import { createLogger, ManualClock } from "@easymo/service-kit";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { progressOf, type CallProgress } from "../call/call-progress.js";
import { createCallState } from "../call/call-state.js";
import { identity } from "../testing/machine-fixture.js";
import { CallLeases } from "./call-leases.js";
import { LedCalls, type LedCall } from "./led-calls.js";

const logger = createLogger({ name: "test", level: "silent" });
const times = { leaseMs: 30_000, renewMs: 10_000 };

interface Replica {
  readonly leases: CallLeases;
  readonly led: LedCalls;
  readonly taken: LedCall[];
  isFree: boolean;
  hasAgent: boolean;
  progress: CallProgress | undefined;
  /** As `kill -9` does: nothing is given back. */
  die(): void;
}

let clock: ManualClock;
let versioned: VersionedStore;
let here: Replica;
let there: Replica;

beforeEach(() => {
  clock = new ManualClock();
  const store = createMemoryStore(clock);
  const { idempotency } = store;
  versioned = store.versioned;
  const replica = (): Replica => {
    const leases = new CallLeases({
      idempotency,
      times,
      clock,
      logger,
      lost: () => undefined,
    });
    const taken: LedCall[] = [];
    const one: Replica = {
      leases,
      taken,
      isFree: true,
      hasAgent: true,
      progress: undefined,
      led: new LedCalls({
        versioned,
        leases,
        times,
        clock,
        logger,
        progressOf: () => one.progress,
        isFree: () => one.isFree,
        takeOver: (call) => {
          taken.push(call);
          return one.hasAgent;
        },
      }),
      die: () => {
        one.led.stop();
        leases.stop();
      },
    };
    leases.start();
    one.led.start();
    return one;
  };
  here = replica();
  there = replica();
});
afterEach(() => {
  here.die();
  there.die();
});

async function lead(callId: string): Promise<void> {
  expect(await here.leases.claim(callId)).toBe(true);
  await here.led.lead(identity({ callId, channel: "sip" }));
}

/** Puts other words in place of what is told of a call. */
async function rewrite(
  callId: string,
  change: (told: object) => unknown,
): Promise<void> {
  const key = `{voice:led-calls}:${callId}`;
  const [found] = await versioned.read([key]);
  const told: unknown = JSON.parse(found?.value ?? "");
  if (typeof told !== "object" || told === null) throw new Error("not told");
  await versioned.write([
    [
      {
        key,
        expected: found?.version,
        version: "rewritten",
        value: JSON.stringify(change(told)),
        ttlMs: 600_000,
      },
    ],
  ]);
}

/** What is under way is done. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++)
    await new Promise((resolve) => setImmediate(resolve));
}

/** Time passes in steps in which leases are renewed, and what it sets off is done. */
async function pass(seconds: number): Promise<void> {
  for (let at = 0; at < seconds; at += 5) {
    clock.advance(5_000);
    await settled();
  }
}

test("a call is not taken over while its replica lives, however long", async () => {
  await lead("rtc_1");
  await pass(600);
  expect(there.taken).toEqual([]);
});

test("a call whose replica died is gone on with by another, once, with all that is known of it", async () => {
  await lead("rtc_1");
  await pass(20);
  here.die();
  await pass(60);
  expect(there.taken).toEqual([
    expect.objectContaining({ callId: "rtc_1", tenantId: "kigali-parts" }),
  ]);
  // And it is there to stay.
  await pass(600);
  expect(there.taken).toHaveLength(1);
});

test("a call that ended is nobody's to take over", async () => {
  await lead("rtc_1");
  await pass(20);
  here.leases.release("rtc_1");
  here.led.leave("rtc_1", true);
  await pass(120);
  expect(there.taken).toEqual([]);
});

test("a call that ended while it was being told is nobody's either", async () => {
  expect(await here.leases.claim("rtc_1")).toBe(true);
  const told = here.led.lead(identity({ callId: "rtc_1", channel: "sip" }));
  here.leases.release("rtc_1");
  here.led.leave("rtc_1", true);
  await told;
  await pass(120);
  expect(there.taken).toEqual([]);
});

test("a replica without a free line leaves the call to one that has one", async () => {
  await lead("rtc_1");
  await pass(20);
  here.die();
  there.isFree = false;
  await pass(60);
  expect(there.taken).toEqual([]);
  there.isFree = true;
  await pass(60);
  expect(there.taken).toHaveLength(1);
});

test("a call whose agent is gone from the routing document is let go", async () => {
  await lead("rtc_1");
  await pass(20);
  here.die();
  there.hasAgent = false;
  await pass(300);
  expect(there.taken).toHaveLength(1);
  expect(await there.leases.claim("rtc_1")).toBe(true);
});

test("what a call has come to is told when it changes, and goes with it from replica to replica", async () => {
  await lead("rtc_1");
  const state = createCallState(identity({ callId: "rtc_1" }), 0);
  state.usage = { output_audio: 7 };
  here.progress = progressOf(state);
  here.led.changed("rtc_1");
  state.usage = { output_audio: 9 };
  here.progress = progressOf(state);
  here.led.changed("rtc_1");
  // Dead before the next renewal.
  await settled();
  here.die();
  await pass(60);
  expect(there.taken[0]?.progress).toMatchObject({
    usage: { output_audio: 9 },
  });
  // Whoever took it died before it said anything more.
  there.die();
  const taken = there.taken;
  there = here;
  here.led.leave("rtc_1", false);
  here.leases.start();
  here.led.start();
  await pass(90);
  expect(here.taken[0]?.progress).toEqual(taken[0]?.progress);
});

test("a call of which another version tells goes on without what is not understood", async () => {
  await lead("rtc_1");
  await rewrite("rtc_1", (call) => ({ ...call, progress: { turns: "many" } }));
  here.die();
  await pass(60);
  expect(there.taken).toEqual([
    expect.objectContaining({ callId: "rtc_1", progress: null }),
  ]);
});

test("what nobody can read of a call holds up no other call", async () => {
  await lead("rtc_1");
  await rewrite("rtc_1", () => "no call");
  await lead("rtc_2");
  here.die();
  await pass(60);
  expect(there.taken).toEqual([expect.objectContaining({ callId: "rtc_2" })]);
});
