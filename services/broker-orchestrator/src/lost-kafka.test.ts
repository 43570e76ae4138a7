import { createBus, createStore, topicCatalogue } from "@easymo/messaging";
import type { RunningService } from "@easymo/service-kit";
import {
  ServiceProcess,
  startKafkaCluster,
  startRedis,
  until,
  type KafkaCluster,
  type OwnRedis,
} from "@easymo/testbed";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeStored } from "./conversation/codec.js";
import { storeKey } from "./runtime/slots.js";
import { intent, newPhone, ROUTING, SECRET, TENANT } from "./testing/events.js";
import { EventLog, quietKit, startAgentCore } from "./testing/running.js";
import { StandIn } from "./testing/stand-in.js";

/** Kafka and the replica are killed in the same moment, and Kafka comes back without what it had: Redis alone knows what is left to do. */

let before: KafkaCluster;
let after: KafkaCluster;
let redis: OwnRedis;
let agentCore: RunningService;
let standIn: StandIn;
let folder: string;
const replicas: ServiceProcess[] = [];

beforeAll(async () => {
  [before, after, redis, agentCore, standIn, folder] = await Promise.all([
    startKafkaCluster({ brokers: 1 }),
    startKafkaCluster({ brokers: 1 }),
    startRedis(),
    startAgentCore(),
    StandIn.start(),
    mkdtemp(join(tmpdir(), "broker-lost-")),
  ]);
  await writeFile(join(folder, "routing.yaml"), ROUTING);
  await Promise.all(
    [before, after].flatMap((cluster) =>
      topicCatalogue.map(({ name, partitions }) =>
        cluster.createTopic(name, { partitions }),
      ),
    ),
  );
}, 180_000);

afterAll(async () => {
  await Promise.all(replicas.map((one) => one.stop()));
  await Promise.all([agentCore.close(), standIn.close()]);
  await Promise.all([before.stop(), after.stop(), redis.stop()]);
  await rm(folder, { recursive: true, force: true });
});

async function replicaOn(cluster: KafkaCluster): Promise<ServiceProcess> {
  const replica = await ServiceProcess.launch("broker-orchestrator", {
    KAFKA_BROKERS: cluster.brokers.join(","),
    REDIS_URL: redis.url,
    ROUTING_FILE: join(folder, "routing.yaml"),
    AGENT_CORE_URL: agentCore.url,
    AGENT_CORE_JWT_SECRET: SECRET,
    WALLET_SERVICE_URL: standIn.url,
    BUYER_SERVICE_URL: standIn.url,
    RANKING_SERVICE_URL: standIn.url,
    OUTBOX_PATIENCE_SECONDS: "2",
  });
  replicas.push(replica);
  return replica;
}

function busOn(cluster: KafkaCluster) {
  const settings = { brokers: cluster.brokers, clientId: "test", ssl: false };
  return createBus(settings, quietKit("test"));
}

test("what was begun is finished, under the keys that it had, though its event is nowhere any more", async () => {
  const phone = newPhone();
  const wish = intent(phone);
  const never = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  standIn.delays = ({ path }) => {
    if (path !== "/wallet/reservations") return Promise.resolve();
    asked.resolve();
    return never.promise;
  };
  const replica = await replicaOn(before);
  const first = busOn(before);
  await first.publishEvent("whatsapp.inbound", wish, { timeoutMs: 60_000 });
  await first.close();
  await asked.promise;
  await Promise.all([before.kill9(1), replica.stop()]);
  standIn.delays = () => Promise.resolve();
  never.resolve();
  await standIn.seen((path) => path === "/wallet/reservations");

  const second = busOn(after);
  const store = createStore(redis.url, quietKit("test"));
  try {
    const log = await EventLog.of(second);
    await replicaOn(after);
    await until(() => log.of("ranking.forwarded").length > 0, {
      what: "the ranking",
      timeoutMs: 120_000,
    });
    const told = await log.next("message.send");
    expect(told.data).toMatchObject({ to: phone, purpose: "ranking" });
    expect(log.of("ranking.forwarded")[0]?.data).toMatchObject({
      intentId: wish.data.intentId,
      reservationId: `reservation-${wish.data.intentId}`,
    });
    for (const path of [/^\/wallet/, /^\/buyers\/.+\/rankings$/])
      expect(standIn.done(path)).toHaveLength(1);
    await until(
      async () => {
        const [entry] = await store.versioned.read([
          storeKey(TENANT, `phone:${phone}`),
        ]);
        const stored =
          entry === undefined ? undefined : decodeStored(entry.value);
        return (
          stored?.kind === "conversation" &&
          stored.conversation.outbox.length === 0
        );
      },
      { what: "an empty outbox", timeoutMs: 120_000 },
    );
  } finally {
    await Promise.all([second.close(), store.close()]);
  }
}, 300_000);
