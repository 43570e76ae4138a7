import { startKafkaCluster, startRedis } from "@easymo/testbed";
import { logLength } from "../ingest/log-length.js";
import { runIngestRound, type IngestMeasurement } from "../ingest/round.js";
import {
  EVENTS_TOPIC,
  ingestSubjectNames,
  type IngestSubjectName,
  type IngestWorld,
} from "../ingest/subject.js";
import type { Options } from "../options.js";
import { formatSpread, type Section, type Target } from "../report/section.js";
import { ratioOf, spreadOf } from "../report/statistics.js";
import { cpuMs } from "../run/round.js";

const CONNECTIONS = 100;
const PARTITIONS = 3;
const PEER: IngestSubjectName = "send-batched-claimed";
const MOST_TIMES_PEER = 1.5;
const SLOW_PEER: IngestSubjectName = "send-each";
const LEAST_TIMES_SLOW_PEER = 2;
const MOST_P99_MS = 50;

interface Outcome {
  readonly subject: IngestSubjectName;
  readonly measurement: IngestMeasurement;
  /** Records that Kafka has and nobody was told of, or the other way round. */
  readonly faults: number;
  readonly cpuMsPerRequest: number;
  readonly perSecond: number;
}

interface Contest {
  readonly world: IngestWorld;
  readonly options: Options;
  readonly progress: (line: string) => void;
}

/** What taking an event costs, on a Kafka and a Redis of the benchmark's own. */
export async function ingest(
  options: Options,
  progress: (line: string) => void,
): Promise<Section> {
  const [cluster, redis] = await Promise.all([
    startKafkaCluster({ brokers: 1 }),
    startRedis(),
  ]);
  try {
    for (const topic of [EVENTS_TOPIC, "voice.contact.events"])
      await cluster.createTopic(topic, { partitions: PARTITIONS });
    const world = { brokers: cluster.brokers, redisUrl: redis.url };
    const contest = { world, options, progress };
    const outcomes = await atFullRate(contest);
    const half = await atHalfRate(contest, outcomes);
    return report(outcomes, half);
  } finally {
    await Promise.all([cluster.stop(), redis.stop()]);
  }
}

/** Each in turn, every other time backwards, as fast as 100 connections are answered. */
async function atFullRate(contest: Contest): Promise<Outcome[]> {
  const { options, progress } = contest;
  const subjects = ingestSubjectNames.filter(
    (name) => options.subjects?.includes(name) ?? true,
  );
  const rounds = options.rounds ?? (options.quick ? 1 : 5);
  const outcomes: Outcome[] = [];
  for (let round = 1; round <= rounds; round++)
    for (const subject of round % 2 === 1 ? subjects : subjects.toReversed()) {
      const outcome = await measureOnce(contest, subject, 0);
      outcomes.push(outcome);
      progress(`round ${round}/${rounds}, ${inWords(outcome)}`);
    }
  return outcomes;
}

/** The latency that is promised is that of a service that is half busy. */
async function atHalfRate(
  contest: Contest,
  outcomes: readonly Outcome[],
): Promise<Outcome | undefined> {
  const own = of(outcomes, "sip-ingress").map(({ perSecond }) => perSecond);
  if (own.length === 0) return undefined;
  const perSecond = Math.round(spreadOf(own).max / 2);
  const outcome = await measureOnce(contest, "sip-ingress", perSecond);
  contest.progress(`at half of its highest rate, ${inWords(outcome)}`);
  return outcome;
}

async function measureOnce(
  { world, options }: Contest,
  subject: IngestSubjectName,
  perSecond: number,
): Promise<Outcome> {
  const lengthBefore = await logLength(world.brokers);
  const measurement = await runIngestRound({
    subject,
    world,
    connections: CONNECTIONS,
    perSecond,
    warmUpRequests: options.quick ? 20_000 : 50_000,
    windowMs: (options["window-seconds"] ?? (options.quick ? 4 : 10)) * 1_000,
    profileDirectory: options.profile,
  });
  const published = (await logLength(world.brokers)) - lengthBefore;
  const { before, after, load, totals } = measurement;
  return {
    subject,
    measurement,
    faults: Math.abs(published - totals.accepted) + totals.refused,
    cpuMsPerRequest: cpuMs(before, after) / load.accepted,
    perSecond: load.accepted / (load.durationMs / 1_000),
  };
}

function inWords(outcome: Outcome): string {
  const { subject, cpuMsPerRequest, perSecond, faults, measurement } = outcome;
  return `${subject}: ${cpuMsPerRequest.toFixed(3)} ms CPU per request, ${perSecond.toFixed(0)} requests/s, p99 ${measurement.load.latency.p99Ms.toFixed(1)} ms, ${faults} faults`;
}

function of(
  outcomes: readonly Outcome[],
  subject: IngestSubjectName,
): Outcome[] {
  return outcomes.filter((outcome) => outcome.subject === subject);
}

function report(
  outcomes: readonly Outcome[],
  half: Outcome | undefined,
): Section {
  const cpuOf = (name: IngestSubjectName) =>
    of(outcomes, name).map(({ cpuMsPerRequest }) => cpuMsPerRequest);
  const rateOf = (name: IngestSubjectName) =>
    of(outcomes, name).map(({ perSecond }) => perSecond);
  const rows = ingestSubjectNames
    .filter((name) => of(outcomes, name).length > 0)
    .map((name) => [
      name,
      formatSpread(spreadOf(cpuOf(name)), 3),
      formatSpread(ratioOf(cpuOf(name), cpuOf(PEER))),
      formatSpread(spreadOf(rateOf(name)), 0),
      formatSpread(ratioOf(rateOf(name), rateOf(SLOW_PEER))),
      latencies(of(outcomes, name), "p50Ms"),
      latencies(of(outcomes, name), "p99Ms"),
      waited(of(outcomes, name)),
      String(of(outcomes, name).reduce((sum, { faults }) => sum + faults, 0)),
    ]);
  if (half !== undefined)
    rows.push([
      "sip-ingress, at half of its highest rate",
      half.cpuMsPerRequest.toFixed(3),
      "",
      half.perSecond.toFixed(0),
      "",
      latencies([half], "p50Ms"),
      latencies([half], "p99Ms"),
      waited([half]),
      String(half.faults),
    ]);
  return {
    title: `An event taken over HTTP, at ${CONNECTIONS} connections`,
    columns: [
      "",
      "CPU ms/request",
      `× ${PEER}`,
      "requests/s",
      `× ${SLOW_PEER}`,
      "p50 ms",
      "p99 ms",
      "waited ms/s",
      "faults",
    ],
    rows,
    targets: targets(outcomes, half),
    notes: [
      "A request is an event with a key of its own, answered 202 when every in-sync replica has it. A fault is a record in Kafka without a 202, a 202 without a record, or any other answer.",
      "Kafka, Redis and the load share what is left of the machine, so rates are this machine's; CPU is the process's own.",
    ],
    data: { outcomes, half },
  };
}

function latencies(
  outcomes: readonly Outcome[],
  rank: "p50Ms" | "p99Ms",
): string {
  return formatSpread(
    spreadOf(outcomes.map(({ measurement }) => measurement.load.latency[rank])),
    1,
  );
}

/** For how long neighbours kept the subject from its core. */
function waited(outcomes: readonly Outcome[]): string {
  return formatSpread(
    spreadOf(
      outcomes.map(({ measurement: { before, after } }) => {
        const seconds = (after.atMs - before.atMs) / 1_000;
        return (after.waitedMs - before.waitedMs) / seconds;
      }),
    ),
    0,
  );
}

function targets(
  outcomes: readonly Outcome[],
  half: Outcome | undefined,
): Target[] {
  const found: Target[] = [];
  const own = of(outcomes, "sip-ingress");
  const peer = of(outcomes, PEER);
  const slow = of(outcomes, SLOW_PEER);
  if (own.length > 0 && peer.length > 0) {
    const ratio = ratioOf(
      own.map(({ cpuMsPerRequest }) => cpuMsPerRequest),
      peer.map(({ cpuMsPerRequest }) => cpuMsPerRequest),
    );
    found.push({
      what: `CPU per request, × ${PEER}`,
      wanted: `at most ${MOST_TIMES_PEER}`,
      measured: formatSpread(ratio),
      met: ratio.median <= MOST_TIMES_PEER,
    });
  }
  if (own.length > 0 && slow.length > 0) {
    const ratio = ratioOf(
      own.map(({ perSecond }) => perSecond),
      slow.map(({ perSecond }) => perSecond),
    );
    found.push({
      what: `rate, × ${SLOW_PEER}`,
      wanted: `at least ${LEAST_TIMES_SLOW_PEER}`,
      measured: formatSpread(ratio),
      met: ratio.median >= LEAST_TIMES_SLOW_PEER,
    });
  }
  if (half !== undefined) {
    const { p99Ms } = half.measurement.load.latency;
    found.push({
      what: "p99 at half of its highest rate",
      wanted: `under ${MOST_P99_MS} ms`,
      measured: `${p99Ms.toFixed(1)} ms`,
      met: p99Ms < MOST_P99_MS,
    });
  }
  return found;
}
