import { createStore, tagOf, type Store } from "@easymo/messaging";
import type { RunningService } from "@easymo/service-kit";
import { startRedisCluster, until, type RedisTopology } from "@easymo/testbed";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { storeKey } from "./runtime/slots.js";
import {
  callStart,
  newPhone,
  OTHER_TENANT,
  received,
  TENANT,
  transcript,
} from "./testing/events.js";
import {
  EventLog,
  quietKit,
  startAgentCore,
  startOrchestrator,
  type RunningOrchestrator,
} from "./testing/running.js";
import type { TurnRequest } from "./turns/turn-model.js";

/** Conversations in a Redis Cluster, whose commands and scripts may touch one slot each. */

let agentCore: RunningService;
let redis: RedisTopology;
let store: Store;
let orchestrator: RunningOrchestrator;
let log: EventLog;
const turns: TurnRequest[] = [];

beforeAll(async () => {
  [agentCore, redis] = await Promise.all([
    startAgentCore(),
    startRedisCluster(),
  ]);
  store = createStore(redis.url, quietKit("cluster"));
  await until(() => store.check().then(() => true));
  orchestrator = await startOrchestrator({
    agentCoreUrl: agentCore.url,
    store,
    turns: {
      answer: (turn) => {
        turns.push(turn);
        return Promise.resolve({ text: "Yes?", by: "model" });
      },
    },
  });
  log = await EventLog.of(orchestrator.bus);
});
afterAll(async () => {
  await orchestrator.close();
  await agentCore.close();
  await redis.stop();
});

test("all of a tenant's keys have one tag, another tenant's another, whatever the tenant is called", () => {
  const tagsOf = (tenant: string) =>
    new Set(
      ["phone:+250788000001", "user:{RW.1}", "sip:a@b", "call:CA1"].map((key) =>
        tagOf(storeKey(tenant, key)),
      ),
    );
  const tenants = [TENANT, OTHER_TENANT, "{}", "}{", "a:b", "a}:b", "é"];
  const tags = tenants.flatMap((tenant) => [...tagsOf(tenant)]);
  expect(tags).toHaveLength(tenants.length);
  expect(new Set(tags).size).toBe(tenants.length);
});

test("two conversations that turn out to be one person's become one, and those of other tenants go on beside them", async () => {
  const phone = newPhone();
  const userId = `RW.${phone.slice(1)}`;
  const others = Array.from({ length: 20 }, newPhone);
  const toOther = {
    tenantId: OTHER_TENANT,
    agent: "food",
    to: "206540352242922",
    phoneNumberId: "206540352242922",
  };
  const { bus } = orchestrator;
  const write = (event: ReturnType<typeof received>) =>
    bus.publishEvent("whatsapp.inbound", event);
  const answered = (contact: string) =>
    log.next("message.send", ({ data }) => data.to === contact);
  await bus.publishEvent("voice.contact.events", callStart(phone, "CA1"));
  await bus.publishEvent(
    "voice.media.events",
    transcript(phone, "CA1", "user", "a battery, please"),
  );
  await Promise.all([
    write(received(userId, "Hello", { userId, phone: undefined })),
    ...others.map((other) => write(received(other, "Hello", toOther))),
  ]);
  await Promise.all([userId, ...others].map(answered));
  await write(
    received(userId, "", {
      userId,
      phone: undefined,
      kind: "contacts",
      text: undefined,
      contacts: [{ phones: [phone], userId }],
    }),
  );
  await write(received(userId, "Any news?", { userId, phone: undefined }));
  await answered(phone);
  const turn = turns.find(({ text }) => text === "Any news?");
  expect(turn?.contact).toMatchObject({ phone, userId });
  expect(turn?.history.map(({ text }) => text)).toEqual(
    expect.arrayContaining(["a battery, please", "Hello"]),
  );
});
