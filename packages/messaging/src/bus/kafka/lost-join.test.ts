import { kafkaBrokers, randomName, until } from "@easymo/testbed";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Kafka, logLevel } from "kafkajs";
import { hostClock } from "../../clock.js";
import { testDependencies, testRecord } from "../../test-support.js";
import type { Bus } from "../bus.js";
import type { BusHarness } from "../conformance.js";
import { ClusterAdmin } from "./admin.js";
import { CLIENT_RETRY } from "./client.js";
import { GroupOffsets } from "./group-offsets.js";
import { apiKeys, LosingProxy } from "./losing-proxy.js";
import { KafkaSubscription } from "./subscription.js";
import { kafkaHarness } from "./test-harness.js";

let harness: BusHarness;
let bus: Bus;
let proxy: LosingProxy;
let admin: ClusterAdmin;
let kafka: Kafka;
let stopMember: () => Promise<void> = () => Promise.resolve();

beforeAll(async () => {
  harness = await kafkaHarness();
  bus = harness.connect();
  const brokers = await kafkaBrokers();
  proxy = await LosingProxy.start(brokers[0] ?? "");
  kafka = new Kafka({
    brokers,
    logLevel: logLevel.NOTHING,
    retry: CLIENT_RETRY,
    requestTimeout: 2_000,
    socketFactory: ({ onConnect }) => {
      const socket = proxy.connect();
      socket.once("connect", onConnect);
      return socket;
    },
  });
  admin = new ClusterAdmin(kafka);
});
afterAll(async () => {
  await stopMember();
  await bus.close();
  await admin.close();
  await proxy.close();
  await harness.close();
});

test("a member whose assignment got lost on its way joins the group anew, and reads on", async () => {
  const [topic, group] = [randomName("lost-join"), randomName("group")];
  await harness.createTopic(topic, 2);
  const read: string[] = [];
  let assignments = 0;
  const member = new KafkaSubscription(
    kafka,
    new GroupOffsets(admin, group),
    {
      group,
      topics: [topic],
      fromBeginning: true,
      onRecords: ({ records }) =>
        read.push(...records.map(({ headers }) => headers.ce_id ?? "")),
      onAssigned: () => (assignments += 1),
    },
    { ...testDependencies(), clock: hostClock, onStop: () => undefined },
  );
  stopMember = () => member.stop();
  member.begin();
  await member.joined;
  // To both partitions, one of which is this member's whatever the other has.
  const publish = (id: string) =>
    bus.publish(
      ["CA1", "CA2", "CA3", "CA4"].map((callId) =>
        testRecord(topic, callId, id),
      ),
    );
  await publish("before");
  await until(() => read.includes("before"), { what: "the first record" });

  // Another member comes: everybody joins again, and this one's answer is lost.
  const before = assignments;
  const lost = proxy.loseNext(apiKeys.syncGroup);
  await bus.subscribe({
    group,
    topics: [topic],
    fromBeginning: true,
    onRecords: () => undefined,
  });
  await lost;

  let sent = 0;
  await until(
    async () => {
      sent += 1;
      await publish(`after-${sent}`);
      return read.includes(`after-${sent - 1}`);
    },
    { what: "a record after the loss", timeoutMs: 120_000, everyMs: 500 },
  );
  expect(assignments).toBeGreaterThan(before);
}, 240_000);
