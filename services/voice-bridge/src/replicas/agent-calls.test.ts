import {
  createMemoryStore,
  StoreUnavailableError,
  type Store,
  type VersionedStore,
} from "@easymo/messaging";
import { createLogger, ManualClock } from "@easymo/service-kit";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { AgentCalls, type AgentCall } from "./agent-calls.js";

const TENANT = "kigali-parts";
const agent = { name: "sales", limits: { calls: 2 } };
const SECOND_MS = 1_000;

let clock: ManualClock;
let store: Store;
let here: AgentCalls;
let there: AgentCalls;

beforeEach(() => {
  clock = new ManualClock();
  store = createMemoryStore(clock);
  [here, there] = [replica(), replica()];
});

function replica(
  versioned: Pick<VersionedStore, "read" | "write"> = store.versioned,
): AgentCalls {
  const logger = createLogger({ name: "test", level: "silent" });
  return new AgentCalls({ versioned, clock, logger });
}

function call(callId: string, changes: Partial<AgentCall> = {}): AgentCall {
  return { callId, tenantId: TENANT, agent, ...changes };
}

/** Asks with a call that is not kept, until the list says so. */
async function untilFree(calls: AgentCalls): Promise<void> {
  while (!(await calls.take(call("probe"))))
    await new Promise((resolve) => setImmediate(resolve));
  calls.release(call("probe"));
}

describe("an agent's calls at once", () => {
  test("are as many as it may have, over all replicas", async () => {
    const taken = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        (n % 2 === 0 ? here : there).take(call(`CA${n}`)),
      ),
    );
    expect(taken.filter(Boolean)).toHaveLength(2);
  });

  test("are each tenant's and each agent's own, and without a limit as many as come", async () => {
    for (const id of ["CA1", "CA2"])
      expect(await here.take(call(id))).toBe(true);
    expect(await there.take(call("CA3"))).toBe(false);
    expect(await there.take(call("CA4", { tenantId: "other" }))).toBe(true);
    const care = { name: "care", limits: { calls: 1 } };
    expect(await there.take(call("CA5", { agent: care }))).toBe(true);
    const free = { name: "sales" };
    expect(await there.take(call("CA6", { agent: free }))).toBe(true);
  });

  test("count a call once, whichever replica asks for it, and no longer when it is over", async () => {
    await here.take(call("CA1"));
    expect(await there.take(call("CA1"))).toBe(true);
    here.forget("CA1");
    expect(await here.take(call("CA2"))).toBe(true);
    expect(await here.take(call("CA3"))).toBe(false);
    there.release(call("CA1"));
    await untilFree(here);
  });

  test("stay counted while they last, and end with a replica that died", async () => {
    await here.take(call("CA1"));
    await there.take(call("CA2"));
    here.start();
    // `there` renews nothing: it has died.
    for (let passed = 0; passed < 60; passed += 5)
      await clock.advanceAsync(5 * SECOND_MS);
    expect(await here.take(call("CA3"))).toBe(true);
    expect(await here.take(call("CA4"))).toBe(false);
    here.stop();
  });

  test("have a line kept for a call while it rings", async () => {
    const held = await here.hold({ tenantId: TENANT, agent }, 120 * SECOND_MS);
    await there.take(call("CA1"));
    expect(await there.take(call("CA2"))).toBe(false);
    expect(
      await there.hold({ tenantId: TENANT, agent }, SECOND_MS),
    ).toBeUndefined();
    await held?.dialled("CA3");
    // Answered, at another replica: it is the same call.
    expect(await there.take(call("CA3"))).toBe(true);
    expect(await there.take(call("CA4"))).toBe(false);
    there.release(call("CA3"));
    await untilFree(there);
    const given = await here.hold({ tenantId: TENANT, agent }, SECOND_MS);
    await given?.release();
    await untilFree(there);
  });

  test("are this replica's own while the store is away, and nobody is refused for that alone", async () => {
    const away = () => Promise.reject(new StoreUnavailableError("away"));
    const alone = replica({ read: away, write: away });
    expect(await alone.take(call("CA1"))).toBe(true);
    expect(await alone.take(call("CA2"))).toBe(true);
    expect(await alone.take(call("CA3"))).toBe(false);
    alone.release(call("CA1"));
    expect(await alone.take(call("CA3"))).toBe(true);
  });
});
