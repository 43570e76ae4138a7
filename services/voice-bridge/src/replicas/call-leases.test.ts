import {
  createMemoryStore,
  StoreUnavailableError,
  type IdempotencyStore,
} from "@easymo/messaging";
import { createLogger, ManualClock } from "@easymo/service-kit";
import { expect, test } from "@jest/globals";
import { CallLeases } from "./call-leases.js";

const logger = createLogger({ name: "test", level: "silent" });

function twoReplicas() {
  const clock = new ManualClock();
  const { idempotency } = createMemoryStore(clock);
  const lost: string[] = [];
  let away = false;
  const sometimesAway: IdempotencyStore = {
    ...idempotency,
    claim: (...args) =>
      away
        ? Promise.reject(new StoreUnavailableError("Redis is away."))
        : idempotency.claim(...args),
    extend: (...args) =>
      away
        ? Promise.reject(new StoreUnavailableError("Redis is away."))
        : idempotency.extend(...args),
  };
  const leases = (store: IdempotencyStore) =>
    new CallLeases({
      idempotency: store,
      times: { leaseMs: 30_000, renewMs: 10_000 },
      clock,
      logger,
      lost: (callId) => lost.push(callId),
    });
  return {
    clock,
    here: leases(sometimesAway),
    there: leases(idempotency),
    lost,
    setAway: (isAway: boolean) => {
      away = isAway;
    },
  };
}

/** Time passes, and what it sets off is done. */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  clock.advance(ms);
  await new Promise((resolve) => setImmediate(resolve));
}

/** As long as a lease holds, in steps in which it is renewed. */
async function aLease(clock: ManualClock): Promise<void> {
  for (let seconds = 0; seconds < 40; seconds += 5) await pass(clock, 5_000);
}

test("a call is one replica's for as long as it lasts, and then anybody's", async () => {
  const { clock, here, there } = twoReplicas();
  here.start();
  expect(await here.claim("CA1")).toBe(true);
  expect(await there.claim("CA1")).toBe(false);
  await aLease(clock);
  expect(await there.claim("CA1")).toBe(false);
  here.release("CA1");
  expect(await there.claim("CA1")).toBe(true);
  here.stop();
});

test("the calls of a replica that died are anybody's when its leases run out", async () => {
  const { clock, here, there } = twoReplicas();
  here.start();
  expect(await here.claim("CA1")).toBe(true);
  here.stop();
  await aLease(clock);
  expect(await there.claim("CA1")).toBe(true);
});

test("a call that came while the store was away is had without a lease, and leased when it is back", async () => {
  const { clock, here, there, setAway } = twoReplicas();
  here.start();
  setAway(true);
  expect(await here.claim("CA1")).toBe(true);
  await aLease(clock);
  setAway(false);
  await pass(clock, 10_000);
  expect(await there.claim("CA1")).toBe(false);
  here.stop();
});

test("a call that ended before its lease was had is held by nobody", async () => {
  const { here, there } = twoReplicas();
  const claim = here.claim("CA1");
  here.release("CA1");
  await claim;
  expect(await there.claim("CA1")).toBe(true);
});

test("a replica that stood still longer than its lease is told that the call is another's", async () => {
  const { clock, here, there, lost } = twoReplicas();
  expect(await here.claim("CA1")).toBe(true);
  clock.advance(31_000);
  expect(await there.claim("CA1")).toBe(true);
  here.start();
  await pass(clock, 10_000);
  expect(lost).toEqual(["CA1"]);
  here.stop();
});
