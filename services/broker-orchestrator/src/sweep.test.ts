import { createMemoryStore, type Store } from "@easymo/messaging";
import { systemClock, type RunningService } from "@easymo/service-kit";
import { until } from "@easymo/testbed";
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  test,
} from "@jest/globals";
import { decodeStored } from "./conversation/codec.js";
import { hasOpenEffects } from "./conversation/state.js";
import { storeKey } from "./runtime/slots.js";
import { intent, newPhone, TENANT } from "./testing/events.js";
import {
  EventLog,
  startAgentCore,
  startOrchestrator,
  type RunningOrchestrator,
} from "./testing/running.js";
import { StandIn } from "./testing/stand-in.js";

/** What is left of an event that nobody brings again. */

let agentCore: RunningService;
let standIn: StandIn;
let store: Store;
const running: RunningOrchestrator[] = [];

beforeAll(async () => {
  agentCore = await startAgentCore();
});
beforeEach(async () => {
  standIn = await StandIn.start();
  store = createMemoryStore(systemClock);
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
  await standIn.close();
});
afterAll(() => agentCore.close());

/** A replica with the same store as the others, and a bus on which nothing of before is. */
async function replica(
  env: Readonly<Record<string, string>> = {},
): Promise<{ orchestrator: RunningOrchestrator; log: EventLog }> {
  const orchestrator = await startOrchestrator({
    agentCoreUrl: agentCore.url,
    standInUrl: standIn.url,
    store,
    env: { OUTBOX_PATIENCE_SECONDS: "1", ...env },
  });
  running.push(orchestrator);
  return { orchestrator, log: await EventLog.of(orchestrator.bus) };
}

async function hasLeft(phone: string): Promise<boolean> {
  const [entry] = await store.versioned.read([
    storeKey(TENANT, `phone:${phone}`),
  ]);
  const stored = entry === undefined ? undefined : decodeStored(entry.value);
  return stored?.kind === "conversation" && hasOpenEffects(stored.conversation);
}

describe("an effect that was left undone by a replica that ended", () => {
  test("is done by another one to which its event never comes, once, and everything that follows from it", async () => {
    const phone = newPhone();
    const wish = intent(phone);
    const stuck = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    standIn.delays = ({ path }) => {
      if (path !== "/wallet/reservations") return Promise.resolve();
      asked.resolve();
      return stuck.promise;
    };
    const first = await replica({
      SHUTDOWN_GRACE_SECONDS: "1",
      OUTBOX_PATIENCE_SECONDS: "600",
    });
    await first.orchestrator.bus.publishEvent("whatsapp.inbound", wish);
    await asked.promise;
    await first.orchestrator.close();
    running.pop();
    expect(await hasLeft(phone)).toBe(true);
    standIn.delays = () => Promise.resolve();
    stuck.resolve();

    // Its patience is shorter than what the first one wrote down, so the list is asked as if time had passed.
    const due = await store.versioned.claimDue(TENANT, {
      nowMs: Date.now() + 601_000,
      againMs: Date.now(),
      limit: 10,
    });
    expect(due).toEqual([storeKey(TENANT, `phone:${phone}`)]);
    const [second, third] = [await replica(), await replica()];
    const isForwarded = () =>
      [second, third].some(({ log }) => log.of("ranking.forwarded").length > 0);
    await until(isForwarded, { what: "the ranking", timeoutMs: 120_000 });
    await until(async () => !(await hasLeft(phone)), {
      what: "an empty outbox",
      timeoutMs: 120_000,
    });
    const forwarded = [second, third].flatMap(({ log }) =>
      log.of("ranking.forwarded"),
    );
    expect(new Set(forwarded.map(({ id }) => id)).size).toBe(1);
    expect(forwarded[0]?.data.intentId).toBe(wish.data.intentId);
    const reservations = standIn.requests.filter(
      ({ path }) => path === "/wallet/reservations",
    );
    expect(new Set(reservations.map(({ key }) => key)).size).toBe(1);
    expect(
      await store.versioned.claimDue(TENANT, {
        nowMs: Date.now() + 3_600_000,
        againMs: 0,
        limit: 10,
      }),
    ).toEqual([]);
  });

  test("is looked for again when it fails, and not any more when it was given up", async () => {
    const phone = newPhone();
    standIn.fails = ({ path }) => path === "/wallet/reservations";
    const first = await replica();
    await first.orchestrator.bus.publishEvent(
      "whatsapp.inbound",
      intent(phone),
    );
    await first.log.deadLetter();
    // With its dead letter it is somebody's to decide: nothing is due.
    await until(async () => !(await hasLeft(phone)));
    const asked = standIn.requests.length;
    expect(
      await store.versioned.claimDue(TENANT, {
        nowMs: Date.now() + 3_600_000,
        againMs: 0,
        limit: 10,
      }),
    ).toEqual([]);
    expect(standIn.requests).toHaveLength(asked);
  });
});
