import { startKafkaCluster, startRedis } from "@easymo/testbed";
import {
  ingestContest,
  type IngestOutcome,
  type IngestOutcomes,
} from "../ingest/contest.js";
import {
  EVENTS_TOPIC,
  ingestSubjectNames,
  type IngestSubjectName,
} from "../ingest/subject.js";
import type { Options } from "../options.js";
import { formatSpread, type Section, type Target } from "../report/section.js";
import { ratioOf, spreadOf } from "../report/statistics.js";

const CONNECTIONS = 100;
const PARTITIONS = 3;
const OWN: IngestSubjectName = "sip-ingress";
const PEER: IngestSubjectName = "send-batched-claimed";
const MOST_TIMES_PEER = 1.5;
/** One send for each request, with kafkajs as its registry has it: what was promised is twice its rate. */
const SLOW_PEER: IngestSubjectName = "send-each-published";
/** The same with kafkajs as this repository patches it, for itself and for its peers. */
const PATCHED_SLOW_PEER: IngestSubjectName = "send-each";
const LEAST_TIMES_SLOW_PEER = 2;
const MOST_P99_MS = 50;

/** What taking an event costs, on a Kafka and a Redis of the benchmark's own. */
export async function ingest(
  options: Options,
  progress: (line: string) => void,
): Promise<Section> {
  const { quick, profile, rounds } = options;
  const windowSeconds = options["window-seconds"] ?? (quick ? 1 : 2);
  const [cluster, redis] = await Promise.all([
    startKafkaCluster({ brokers: 1, optimised: true }),
    startRedis(),
  ]);
  try {
    for (const topic of [EVENTS_TOPIC, "voice.contact.events"])
      await cluster.createTopic(topic, { partitions: PARTITIONS });
    const outcomes = await ingestContest({
      world: { brokers: cluster.brokers, redisUrl: redis.url },
      subjects: ingestSubjectNames.filter(
        (name) => options.subjects?.includes(name) ?? true,
      ),
      connections: CONNECTIONS,
      warmUpRequests: quick ? 20_000 : 50_000,
      rounds: rounds ?? (quick ? 5 : 15),
      windowMs: windowSeconds * 1_000,
      own: OWN,
      halfRateTurns: quick ? 3 : 9,
      profileDirectory: profile,
      progress,
    });
    return report(outcomes);
  } finally {
    await Promise.all([cluster.stop(), redis.stop()]);
  }
}

function report(outcomes: IngestOutcomes): Section {
  const { atFullRate, atHalfRate } = outcomes;
  const slow = of(atFullRate, SLOW_PEER);
  const patchedSlow = of(atFullRate, PATCHED_SLOW_PEER);
  const peer = of(atFullRate, PEER);
  const rows = ingestSubjectNames.flatMap((name) => {
    const own = of(atFullRate, name);
    return own.length === 0
      ? []
      : [row(name, own, { peer, slow, patchedSlow })];
  });
  if (atHalfRate.length > 0)
    rows.push(
      row(`${OWN}, at half of its highest rate`, atHalfRate, {
        peer: [],
        slow: [],
        patchedSlow: [],
      }),
    );
  return {
    title: `An event taken over HTTP, at ${CONNECTIONS} connections`,
    columns: [
      "",
      "CPU ms/request",
      `× ${PEER}`,
      "requests/s",
      `× ${SLOW_PEER}`,
      `× ${PATCHED_SLOW_PEER}`,
      "p50 ms",
      "p99 ms",
      "waited ms/s",
      "faults",
    ],
    rows,
    targets: targets(
      of(atFullRate, OWN),
      { peer, slow, patchedSlow },
      atHalfRate,
    ),
    notes: [
      "A request is an event with a key of its own, answered 202 when every in-sync replica has it. A fault is a record in Kafka without a 202, a 202 without a record, or any other answer.",
      `${SLOW_PEER} has kafkajs as its registry has it; all others have it with this repository's patch, which ${PATCHED_SLOW_PEER} gains by as well.`,
      "Ratios are taken within each round, and their median is the figure. Kafka, Redis and the load share what is left of the machine, so rates are this machine's; CPU is the process's own.",
    ],
    data: outcomes,
  };
}

function of(
  outcomes: readonly IngestOutcome[],
  subject: IngestSubjectName,
): IngestOutcome[] {
  return outcomes.filter((outcome) => outcome.subject === subject);
}

const cpuOf = (outcomes: readonly IngestOutcome[]): number[] =>
  outcomes.map(({ cpuMsPerRequest }) => cpuMsPerRequest);
const rateOf = (outcomes: readonly IngestOutcome[]): number[] =>
  outcomes.map(({ perSecond }) => perSecond);
const latencyOf = (
  outcomes: readonly IngestOutcome[],
  rank: "p50Ms" | "p99Ms",
): number[] =>
  outcomes.map(({ measurement }) => measurement.load.latency[rank]);

/** For how long neighbours kept a subject from its core, in each second. */
const waitedOf = (outcomes: readonly IngestOutcome[]): number[] =>
  outcomes.map(({ measurement: { before, after } }) => {
    const seconds = (after.atMs - before.atMs) / 1_000;
    return (after.waitedMs - before.waitedMs) / seconds;
  });

/** What sip-ingress is compared with. */
interface Peers {
  readonly peer: readonly IngestOutcome[];
  readonly slow: readonly IngestOutcome[];
  readonly patchedSlow: readonly IngestOutcome[];
}

function row(
  label: string,
  own: readonly IngestOutcome[],
  { peer, slow, patchedSlow }: Peers,
): string[] {
  const times = (of: number[], to: number[]): string =>
    to.length === 0 ? "" : formatSpread(ratioOf(of, to));
  return [
    label,
    formatSpread(spreadOf(cpuOf(own)), 3),
    times(cpuOf(own), cpuOf(peer)),
    formatSpread(spreadOf(rateOf(own)), 0),
    times(rateOf(own), rateOf(slow)),
    times(rateOf(own), rateOf(patchedSlow)),
    formatSpread(spreadOf(latencyOf(own, "p50Ms")), 1),
    formatSpread(spreadOf(latencyOf(own, "p99Ms")), 1),
    formatSpread(spreadOf(waitedOf(own)), 0),
    String(own.reduce((sum, { faults }) => sum + faults, 0)),
  ];
}

function targets(
  own: readonly IngestOutcome[],
  { peer, slow, patchedSlow }: Peers,
  half: readonly IngestOutcome[],
): Target[] {
  const found: Target[] = [];
  if (own.length > 0 && peer.length > 0) {
    const ratio = ratioOf(cpuOf(own), cpuOf(peer));
    found.push({
      what: `CPU per request, × ${PEER}`,
      wanted: `at most ${MOST_TIMES_PEER}`,
      measured: formatSpread(ratio),
      met: ratio.median <= MOST_TIMES_PEER,
    });
  }
  found.push(
    ...rateTarget(own, slow, `${SLOW_PEER} (kafkajs as its registry has it)`),
    ...rateTarget(
      own,
      patchedSlow,
      `${PATCHED_SLOW_PEER} (kafkajs with our patch: not what was promised)`,
    ),
  );
  if (half.length > 0) {
    const p99 = spreadOf(latencyOf(half, "p99Ms"));
    found.push({
      what: `p99 at half of its highest rate (${spreadOf(rateOf(half)).median.toFixed(0)} requests/s)`,
      wanted: `under ${MOST_P99_MS} ms`,
      measured: `${formatSpread(p99, 1)} ms`,
      met: p99.median < MOST_P99_MS,
    });
  }
  const faults = [...own, ...half].reduce((sum, one) => sum + one.faults, 0);
  if (own.length > 0)
    found.push({
      what: "events lost, doubled or refused by sip-ingress",
      wanted: "none",
      measured: String(faults),
      met: faults === 0,
    });
  return found;
}

function rateTarget(
  own: readonly IngestOutcome[],
  slow: readonly IngestOutcome[],
  name: string,
): Target[] {
  if (own.length === 0 || slow.length === 0) return [];
  const ratio = ratioOf(rateOf(own), rateOf(slow));
  return [
    {
      what: `requests per second, × ${name}`,
      wanted: `at least ${LEAST_TIMES_SLOW_PEER}`,
      measured: formatSpread(ratio),
      met: ratio.median >= LEAST_TIMES_SLOW_PEER,
    },
  ];
}
