import type { SimulatedCall } from "@easymo/carrier-simulator";
import { createBus, topicCatalogue, type Bus } from "@easymo/messaging";
import { startKafkaCluster, type KafkaCluster } from "@easymo/testbed";
import type { FakeModelSession } from "../fake-model.js";
import { DESK } from "../machine-fixture.js";
import {
  EventLog,
  NO_AGENT_CORE,
  quietKit,
  recordEvents,
  RunningBridge,
} from "../running-bridge.js";

export interface OutageOptions {
  readonly calls: number;
  /** Of speech both ways while Kafka is away; the outage is a little longer. */
  readonly outageMs: number;
}

/** What came of it; each list is empty when all is well. */
export interface OutageReport {
  readonly frames: number;
  readonly events: number;
  /** `call.start of CA1: 2` */
  readonly notOnce: readonly string[];
  readonly outOfOrder: readonly string[];
  readonly repeatedIds: readonly string[];
  readonly refused: number;
  readonly stillSpooled: number;
  /** Of the frames timed within the bridge, the share that took 20 ms or less. */
  readonly inTime: number;
}

interface Conversation {
  readonly call: SimulatedCall;
  readonly session: FakeModelSession;
}

const ROUND_MS = 3_000;
const FRAMES_PER_ROUND = ROUND_MS / 20;
/** A broker that shares its machine may take its time to come back. */
const RETURN_PATIENCE_MS = 240_000;
const KEYS = "123";
const ONCE = ["call.start", "call.connected", "call.stop"];

/**
 * Stops a real Kafka in the middle of calls, on which both sides go on
 * speaking, byte for byte; starts it again, and counts what was told.
 * Returns only when all audio has been heard while Kafka was away, and every
 * call's end and samples have arrived.
 */
export async function stopKafkaDuringCalls(
  options: OutageOptions,
): Promise<OutageReport> {
  const cluster = await startKafkaCluster({ brokers: 1 });
  for (const { name, partitions } of topicCatalogue)
    await cluster.createTopic(name, { partitions });
  const watcher = busTo(cluster);
  const log = new EventLog();
  const bridge = await RunningBridge.start(NO_AGENT_CORE, {
    bus: busTo(cluster),
    speed: 1,
    env: { MEDIA_SAMPLE_SECONDS: "1" },
  });
  try {
    await recordEvents(watcher, log);
    return await run(options, cluster, bridge, log);
  } finally {
    await bridge.close();
    await watcher.close();
    await cluster.stop();
  }
}

async function run(
  { calls, outageMs }: OutageOptions,
  cluster: KafkaCluster,
  bridge: RunningBridge,
  log: EventLog,
): Promise<OutageReport> {
  const conversations: Conversation[] = [];
  for (let caller = 0; caller < calls; caller++)
    conversations.push(await connected(bridge, caller));
  await cluster.stopBroker(1);
  const rounds = Math.max(1, Math.ceil(outageMs / ROUND_MS));
  for (let round = 0; round < rounds; round++)
    await Promise.all(
      conversations.map((conversation, caller) =>
        speakBothWays(conversation, caller, round),
      ),
    );
  for (const { call } of conversations) for (const key of KEYS) call.press(key);
  for (const { call } of conversations) call.hangUp();
  await cluster.restart(1);
  // Both topics: the ends, and the samples of the time that Kafka was away.
  const samples = Math.floor((rounds * ROUND_MS) / 1_000) - 1;
  const subjects = conversations.map(({ call }) => call.callSid);
  while (
    subjects.some(
      (subject) =>
        count(log, "call.stop", subject) === 0 ||
        count(log, "media.sample", subject) < samples,
    )
  )
    await log.more(RETURN_PATIENCE_MS);
  const frames = calls * rounds * FRAMES_PER_ROUND * 2;
  return report(frames, subjects, log, await bridge.metrics());
}

function busTo(kafka: KafkaCluster): Bus {
  return createBus(
    { brokers: kafka.brokers, clientId: "outage", ssl: false },
    quietKit("outage"),
  );
}

async function connected(
  bridge: RunningBridge,
  caller: number,
): Promise<Conversation> {
  const index = bridge.model.sessions.length;
  const call = bridge.carrier.placeCall({
    from: `+2507885${String(caller).padStart(5, "0")}`,
    to: DESK,
  });
  const session = await bridge.model.session(index);
  await call.waitFor("streamStarted");
  return { call, session };
}

/** Resolves when each side has heard the other's every byte, in order. */
async function speakBothWays(
  { call, session }: Conversation,
  caller: number,
  round: number,
): Promise<void> {
  const said = speech(caller, round);
  const answer = speech(caller + 100, round);
  session.answer(`r${round}`, `Round ${round}.`, answer);
  await call.speak(said);
  while (!session.heard.includes(said))
    await session.next(
      "input_audio_buffer.append",
      session.of("input_audio_buffer.append").length,
    );
  // Not heard yet: so there is a frame still to be played.
  while (!call.heard().includes(answer)) await call.waitFor("played");
}

/** Different for each caller and round, and never silent. */
function speech(caller: number, round: number): Buffer {
  return Buffer.from(
    Array.from(
      { length: ROUND_MS * 8 },
      (_, i) => (i * (caller + 3) + caller + round * 7) % 250,
    ),
  );
}

function count(log: EventLog, type: string, subject: string): number {
  return log.events.filter(
    (event) => event.type === type && event.subject === subject,
  ).length;
}

function report(
  frames: number,
  subjects: readonly string[],
  log: EventLog,
  metrics: string,
): OutageReport {
  const notOnce = subjects.flatMap((subject) =>
    ONCE.flatMap((type) => {
      const times = count(log, type, subject);
      return times === 1 ? [] : [`${type} of ${subject}: ${times}`];
    }),
  );
  const outOfOrder = subjects.filter(
    (subject) =>
      log
        .of("call.dtmf")
        .filter((event) => event.subject === subject)
        .map((event) => event.data.digit)
        .join("") !== KEYS,
  );
  const ids = log.events.map((event) => event.id);
  return {
    frames,
    events: ids.length,
    notOnce,
    outOfOrder,
    repeatedIds: ids.filter((id, at) => ids.indexOf(id) !== at),
    refused: sumOf(metrics, /^easymo_bus_spool_refused_total\S* (\S+)$/gm),
    stillSpooled: sumOf(metrics, /^easymo_bus_spool_records (\S+)$/gm),
    inTime:
      sumOf(
        metrics,
        /^easymo_voice_forward_seconds_bucket\{le="0.02",\S* (\S+)$/gm,
      ) / sumOf(metrics, /^easymo_voice_forward_seconds_count\S* (\S+)$/gm),
  };
}

function sumOf(metrics: string, lines: RegExp): number {
  return [...metrics.matchAll(lines)].reduce(
    (sum, [, value]) => sum + Number(value),
    0,
  );
}
