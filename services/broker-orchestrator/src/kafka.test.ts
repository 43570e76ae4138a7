import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createBus, topicCatalogue, type Bus } from "@easymo/messaging";
import type { RunningService } from "@easymo/service-kit";
import {
  postgresUrl,
  ServiceProcess,
  startKafkaCluster,
  startRedis,
  until,
  type KafkaCluster,
  type OwnRedis,
} from "@easymo/testbed";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  at,
  callOptOut,
  callStart,
  event,
  intent,
  newPhone,
  OUR_SIP,
  received,
  ROUTING,
  SECRET,
  TENANT,
  transcript,
} from "./testing/events.js";
import {
  agentCoreOf,
  EventLog,
  quietKit,
  startAgentCore,
} from "./testing/running.js";

/** The service as a process, on a real Kafka, Redis and Postgres; wallet, buyer service and ranking are agent-core's own. */

let cluster: KafkaCluster;
let redis: OwnRedis;
let agentCore: RunningService;
let folder: string;
let bus: Bus;
let log: EventLog;
let service: ServiceProcess;

beforeAll(async () => {
  const databaseUrl = await postgresUrl();
  [cluster, redis, agentCore, folder] = await Promise.all([
    startKafkaCluster({ brokers: 1 }),
    startRedis(),
    startAgentCore(databaseUrl),
    mkdtemp(join(tmpdir(), "broker-orchestrator-")),
  ]);
  await writeFile(join(folder, "routing.yaml"), ROUTING);
  for (const { name, partitions } of topicCatalogue)
    await cluster.createTopic(name, { partitions });
  bus = createBus(
    { brokers: cluster.brokers, clientId: "broker-test", ssl: false },
    quietKit("test"),
  );
  log = await EventLog.of(bus);
  service = await launch();
  await until(() => service.answers("/readyz"), {
    what: "readiness",
    timeoutMs: 120_000,
  });
  await agentCoreOf(agentCore.url).putVendor(
    "kimironko",
    {
      name: "Kimironko Moto Parts",
      phone: "+250788000111",
      area: "Kimironko",
      items: [{ name: "brake pads", price: 12_000, currency: "RWF" }],
    },
    { idempotencyKey: "vendor-1" },
  );
}, 180_000);

afterAll(async () => {
  await service.stop();
  await bus.close();
  await agentCore.close();
  await Promise.all([cluster.stop(), redis.stop()]);
  await rm(folder, { recursive: true, force: true });
});

function launch(changes: Record<string, string> = {}): Promise<ServiceProcess> {
  return ServiceProcess.launch("broker-orchestrator", {
    KAFKA_BROKERS: cluster.brokers.join(","),
    REDIS_URL: redis.url,
    ROUTING_FILE: join(folder, "routing.yaml"),
    AGENT_CORE_URL: agentCore.url,
    AGENT_CORE_JWT_SECRET: SECRET,
    ...changes,
  });
}

test("a person is one across phone, SIP and WhatsApp; their wish holds money of theirs, and their no is everywhere", async () => {
  const phone = newPhone();
  const core = agentCoreOf(agentCore.url);
  const { buyer } = await core.registerBuyer(
    { phone },
    { idempotencyKey: `buyer-${phone}` },
  );
  await core.transfer(
    { from: "external", to: buyer.buyerId, amount: 50_000, currency: "RWF" },
    { idempotencyKey: `money-${phone}` },
  );
  await bus.publishEvent("voice.contact.events", callStart(phone, "CA1"));
  const words = "I am looking for brake pads, says a very particular voice";
  await bus.publishEvent(
    "voice.media.events",
    transcript(phone, "CA1", "user", words),
  );
  await bus.publishEvent(
    "voice.sip.events",
    event("sip.ringing", {
      callId: "sip-1",
      tenantId: TENANT,
      from: `sip:${phone}@carrier.example`,
      to: OUR_SIP,
      at: at(),
      timestamp: at(),
    }),
  );
  for (const channel of ["voice", "sip"])
    await log.next(
      "conversation.updated",
      ({ data }) => data.contact === phone && data.lastChannel === channel,
    );
  const wish = intent(phone);
  await bus.publishEvent("whatsapp.inbound", wish);
  const forwarded = await log.next(
    "ranking.forwarded",
    ({ data }) => data.intentId === wish.data.intentId,
  );
  expect(forwarded.data).toMatchObject({
    contact: phone,
    buyerId: buyer.buyerId,
    candidates: [{ vendorId: "kimironko", price: 12_000 }],
  });
  const { account } = await core.account(buyer.buyerId);
  expect(account).toMatchObject({ balance: 50_000, reserved: 12_000 });
  const context = await core.buyerContext(buyer.buyerId);
  expect(context.rankings[0]).toMatchObject({
    intentId: wish.data.intentId,
    rankingId: forwarded.data.rankingId,
  });
  expect(context.intents[0]?.intentId).toBe(wish.data.intentId);
  const answer = await log.next(
    "message.send",
    ({ data }) => data.to === phone && data.purpose === "ranking",
  );
  expect(answer.data).toMatchObject({
    text: expect.stringContaining("Kimironko Moto Parts: 12000 RWF"),
  });
  const last = await log.next(
    "conversation.updated",
    ({ data }) =>
      data.contact === phone && data.lastEventType === "intent.captured",
  );
  expect([...last.data.channels].sort()).toEqual(["sip", "voice", "whatsapp"]);

  await bus.publishEvent("voice.contact.events", callOptOut(phone, "CA1"));
  await log.next("opt_out.registered", ({ data }) => data.contact === phone);
  expect(await core.optOut(phone)).toMatchObject({ optedOut: true });
  const sent = log.of("message.send").length;
  await bus.publishEvent("whatsapp.inbound", intent(phone));
  const other = newPhone();
  await bus.publishEvent("whatsapp.inbound", received(other, "Hello"));
  await log.next("message.send", ({ data }) => data.to === other);
  expect(log.of("message.send")).toHaveLength(sent + 1);
  expect(service.output).not.toContain(words);
  expect(service.output).not.toContain(phone);
});

test("while Redis is silent nothing is lost, and told to end it exits with 0", async () => {
  const phone = newPhone();
  redis.freeze();
  const wish = intent(phone);
  await bus.publishEvent("whatsapp.inbound", wish);
  await until(
    async () => (await fetch(`${service.url}/readyz`)).status === 503,
    { what: "a readiness that says so" },
  );
  redis.thaw();
  await log.next(
    "ranking.forwarded",
    ({ data }) => data.intentId === wish.data.intentId,
  );
  service.signal("SIGTERM");
  expect(await service.exited).toEqual({ code: 0, signal: null });
});

test("with a bad environment it ends with 78 and a line per variable, without secrets", async () => {
  const bad = await launch({
    REDIS_URL: "nowhere",
    RETRY_DELAYS_SECONDS: "soon",
    WALLET_SERVICE_URL: "wallet",
    OPENAI_API_KEY: "sk-secret",
  });
  expect((await bad.exited).code).toBe(78);
  const lines = bad.output.trim().split("\n");
  expect(lines).toEqual([
    expect.stringMatching(/^REDIS_URL: /),
    expect.stringMatching(/^WALLET_SERVICE_URL: /),
    expect.stringMatching(/^RETRY_DELAYS_SECONDS: /),
  ]);
  expect(bad.output).not.toContain("sk-secret");
});
