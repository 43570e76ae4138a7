import { createMemoryStore, type Store } from "@easymo/messaging";
import {
  ManualClock,
  systemClock,
  type RunningService,
} from "@easymo/service-kit";
import { until } from "@easymo/testbed";
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  expect,
  test,
} from "@jest/globals";
import { decodeStored } from "./conversation/codec.js";
import type { Conversation } from "./conversation/state.js";
import { storeKey } from "./runtime/slots.js";
import { intent, newPhone, TENANT } from "./testing/events.js";
import {
  agentCoreOf,
  EventLog,
  startAgentCore,
  startOrchestrator,
} from "./testing/running.js";
import { StandIn } from "./testing/stand-in.js";

/** How long a conversation lives, here and with the buyer, and what is finished when a replica is told to end. */

let agentCore: RunningService;
let standIn: StandIn;

beforeAll(async () => {
  agentCore = await startAgentCore();
});
beforeEach(async () => {
  standIn = await StandIn.start();
});
afterEach(() => standIn.close());
afterAll(() => agentCore.close());

async function conversationOf(
  store: Store,
  phone: string,
): Promise<Conversation | undefined> {
  const [entry] = await store.versioned.read([
    storeKey(TENANT, `phone:${phone}`),
  ]);
  const stored = entry === undefined ? undefined : decodeStored(entry.value);
  return stored?.kind === "conversation" ? stored.conversation : undefined;
}

test("a conversation is forgotten when it has not gone on for as long as is configured; what it came to is the buyer's", async () => {
  const clock = new ManualClock(Date.now());
  const store = createMemoryStore(clock);
  const orchestrator = await startOrchestrator({
    agentCoreUrl: agentCore.url,
    store,
    env: { CONVERSATION_TTL_SECONDS: "3600" },
  });
  const log = await EventLog.of(orchestrator.bus);
  const phone = newPhone();
  await orchestrator.bus.publishEvent("whatsapp.inbound", intent(phone));
  const { data } = await log.next("ranking.forwarded");
  await until(
    async () => (await conversationOf(store, phone))?.outbox.length === 0,
    { what: "an empty outbox" },
  );
  clock.advance(3_599_000);
  expect(await conversationOf(store, phone)).toBeDefined();
  clock.advance(2_000);
  expect(await conversationOf(store, phone)).toBeUndefined();
  const context = await agentCoreOf(agentCore.url).buyerContext(data.buyerId);
  expect(context.conversation).toMatchObject({
    summary: expect.stringContaining("whatsapp"),
    lastChannel: "whatsapp",
  });
  await orchestrator.close();
});

test("told to end, a replica finishes what it took, and takes nothing more", async () => {
  const store = createMemoryStore(systemClock);
  const orchestrator = await startOrchestrator({
    agentCoreUrl: agentCore.url,
    standInUrl: standIn.url,
    store,
  });
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  standIn.delays = ({ path }) => {
    if (path !== "/wallet/reservations") return Promise.resolve();
    asked.resolve();
    return answer.promise;
  };
  const [taken, late] = [newPhone(), newPhone()];
  await orchestrator.bus.publishEvent("whatsapp.inbound", intent(taken));
  await asked.promise;
  const ended = orchestrator.close();
  await orchestrator.bus.publishEvent("whatsapp.inbound", intent(late));
  answer.resolve();
  await ended;
  expect(await conversationOf(store, taken)).toMatchObject({
    outbox: [],
    intents: [{ forwarded: true, reservation: { outcome: "reserved" } }],
  });
  expect(await conversationOf(store, late)).toBeUndefined();
});
