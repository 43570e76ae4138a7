import { createBus, topicCatalogue, type Bus } from "@easymo/messaging";
import { startKafkaCluster, type KafkaCluster } from "@easymo/testbed";
import type { SimulatedCall } from "@easymo/carrier-simulator";
import type { RunningService } from "@easymo/service-kit";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { FakeModelSession } from "./testing/fake-model.js";
import { DESK } from "./testing/machine-fixture.js";
import {
  EventLog,
  quietKit,
  recordEvents,
  RunningBridge,
  startAgentCore,
} from "./testing/running-bridge.js";

const CALLS = 20;
const SPOKEN_MS = 6_000;
/** At one a second. */
const SAMPLES = 5;

let cluster: KafkaCluster;
let agentCore: RunningService;
let bridge: RunningBridge;
let watcher: Bus;
const log = new EventLog();

function busTo(kafka: KafkaCluster): Bus {
  return createBus(
    { brokers: kafka.brokers, clientId: "outage", ssl: false },
    quietKit("outage"),
  );
}

beforeAll(async () => {
  [cluster, agentCore] = await Promise.all([
    startKafkaCluster({ brokers: 1 }),
    startAgentCore(),
  ]);
  for (const { name, partitions } of topicCatalogue)
    await cluster.createTopic(name, { partitions });
  bridge = await RunningBridge.start(agentCore.url, {
    bus: busTo(cluster),
    speed: 1,
    env: { MEDIA_SAMPLE_SECONDS: "1" },
  });
  watcher = busTo(cluster);
  await recordEvents(watcher, log);
}, 120_000);

afterAll(async () => {
  await bridge.close();
  await Promise.all([watcher.close(), agentCore.close()]);
  await cluster.stop();
}, 60_000);

/** What a caller says, different from every other caller's and never silent. */
function speech(caller: number): Buffer {
  return Buffer.from(
    Array.from(
      { length: SPOKEN_MS * 8 },
      (_, i) => (i * (caller + 3) + caller) % 250,
    ),
  );
}

async function connected(caller: number): Promise<{
  call: SimulatedCall;
  session: FakeModelSession;
}> {
  const index = bridge.model.sessions.length;
  const call = bridge.carrier.placeCall({
    from: `+2507885${String(caller).padStart(5, "0")}`,
    to: DESK,
  });
  const session = await bridge.model.session(index);
  await call.waitFor("streamStarted");
  return { call, session };
}

function count(type: string, callId: string): number {
  return log.events.filter(
    (event) => event.type === type && event.subject === callId,
  ).length;
}

test("Kafka stopped in the middle of calls: every frame arrives meanwhile, every event afterwards, once and in order", async () => {
  const calls: Awaited<ReturnType<typeof connected>>[] = [];
  for (let caller = 0; caller < CALLS; caller++)
    calls.push(await connected(caller));

  await cluster.stopBroker(1);
  await Promise.all(
    calls.map(({ call }, caller) => call.speak(speech(caller))),
  );
  // Kafka is still away, and all that was said has been heard.
  for (const [caller, { session }] of calls.entries())
    while (!session.heard.includes(speech(caller)))
      await session.next(
        "input_audio_buffer.append",
        session.of("input_audio_buffer.append").length,
      );
  for (const { call } of calls) for (const key of "123") call.press(key);
  for (const { call } of calls) call.hangUp();

  await cluster.restart(1);
  // Both topics: the stops, and the samples of the time that Kafka was away.
  while (
    calls.some(
      ({ call }) =>
        count("call.stop", call.callSid) === 0 ||
        count("media.sample", call.callSid) < SAMPLES,
    )
  )
    await log.more();

  for (const { call } of calls) {
    for (const type of ["call.start", "call.connected", "call.stop"])
      expect([type, count(type, call.callSid)]).toEqual([type, 1]);
    const keys = log
      .of("call.dtmf")
      .filter((event) => event.subject === call.callSid)
      .map((event) => event.data.digit);
    expect(keys.join("")).toBe("123");
  }
  const ids = log.events.map((event) => event.id);
  expect(new Set(ids).size).toBe(ids.length);
}, 180_000);
