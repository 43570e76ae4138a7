import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import { Child } from "../run/child.js";
import { nothing, type Usage } from "../run/protocol.js";
import { serviceNodeFlags } from "../run/service-flags.js";
import type { Log } from "./log.js";
import { progress, type FollowingCommand, type Progress } from "./protocol.js";
import {
  topicOf,
  type FollowingSubjectName,
  type FollowingWorld,
} from "./subject.js";

const POLL_MS = 20;
const STALLED_MS = 60_000;
const COMMITTED_WITHIN_MS = 10_000;

export interface FollowingSettings {
  readonly subject: FollowingSubjectName;
  /** The core of each replica. */
  readonly cpus: readonly number[];
  readonly world: FollowingWorld;
  readonly log: Log;
  /** Handled before anything is measured. */
  readonly warmUp: number;
  /** Measured. */
  readonly records: number;
  /** Events after which memory is looked at, garbage collected. */
  readonly sampleEvery?: number;
  readonly profileDirectory: string | undefined;
}

/** What one round came to, over all replicas. */
export interface FollowingMeasurement {
  readonly durationMs: number;
  readonly handled: number;
  readonly cpuMs: number;
  /** Of that, in the kernel. */
  readonly cpuSystemMs: number;
  /** For how long neighbours kept a replica from its core. */
  readonly waitedMs: number;
  /** Of each replica, its share of what was handled. */
  readonly shares: readonly number[];
  readonly samples: readonly { handled: number; usage: Usage }[];
  /** Events that were handled and whose offsets are not committed after the end, and dead letters. */
  readonly faults: number;
}

/** Replicas of a subject, in processes of their own, from an empty Redis and the log's beginning to the last event. */
export async function runFollowingRound(
  settings: FollowingSettings,
): Promise<FollowingMeasurement> {
  await emptied(settings.world.redisUrl);
  await settings.log.rewind(settings.subject);
  const deadBefore = await settings.log.length("broker.dlq");
  const replicas = settings.cpus.map(
    (cpu) =>
      new Child<FollowingCommand>({
        entry: "../orchestrator/subject-process.js",
        cpu,
        nodeFlags: [
          "--expose-gc",
          ...(settings.subject === "broker-orchestrator"
            ? serviceNodeFlags("broker-orchestrator")
            : []),
        ],
      }),
  );
  try {
    const measured = await measure(settings, replicas);
    return { ...measured, faults: await faultsOf(settings, deadBefore) };
  } finally {
    await Promise.all(replicas.map((replica) => replica.end()));
  }
}

async function emptied(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl);
  await redis.flushall("SYNC");
  redis.disconnect();
}

type Replica = Child<FollowingCommand>;

async function measure(
  settings: FollowingSettings,
  replicas: readonly Replica[],
): Promise<Omit<FollowingMeasurement, "faults">> {
  const { subject: name, warmUp, records, sampleEvery } = settings;
  const world = { ...settings.world, brokers: [...settings.world.brokers] };
  await Promise.all(
    replicas.map((one) => one.ask({ do: "start", name, world }, nothing)),
  );
  const before = await reached(replicas, warmUp);
  const profile = profileFile(settings);
  if (profile !== undefined)
    await replicas[0]?.ask({ do: "begin_profile" }, nothing);
  const samples: { handled: number; usage: Usage }[] = [];
  if (sampleEvery !== undefined)
    for (let at = warmUp; at < warmUp + records; at += sampleEvery) {
      const handled = sumOf(await reached(replicas, at));
      const [sample] = await looked(replicas, true);
      if (sample !== undefined) samples.push({ handled, usage: sample.usage });
    }
  const after = await reached(replicas, warmUp + records);
  if (profile !== undefined)
    await replicas[0]?.ask({ do: "end_profile", file: profile }, nothing);
  await allCommitted(settings);
  await Promise.all(replicas.map((one) => one.ask({ do: "stop" }, nothing)));
  return { ...between(before, after), samples };
}

function between(before: readonly Progress[], after: readonly Progress[]) {
  const handled = sumOf(after) - sumOf(before);
  const change = (of: (usage: Usage) => number): number =>
    after.reduce((sum, { usage }) => sum + of(usage), 0) -
    before.reduce((sum, { usage }) => sum + of(usage), 0);
  return {
    // Each process has its own clock; all of them were asked at once.
    durationMs: change(({ atMs }) => atMs) / after.length,
    handled,
    cpuSystemMs: change(({ cpuSystemMs }) => cpuSystemMs),
    cpuMs: change(({ cpuUserMs, cpuSystemMs }) => cpuUserMs + cpuSystemMs),
    waitedMs: change(({ waitedMs }) => waitedMs),
    shares: after.map(
      (one, at) => (one.handled - (before[at]?.handled ?? 0)) / handled,
    ),
  };
}

/** When a replica joins, some events are handled twice: the last of all comes a little after their number. */
async function allCommitted(settings: FollowingSettings): Promise<void> {
  const { log, subject, world, warmUp, records } = settings;
  const topic = topicOf[world.workload];
  const untilMs = performance.now() + COMMITTED_WITHIN_MS;
  while (performance.now() < untilMs) {
    if ((await log.committed(subject, topic)) >= warmUp + records) return;
    await delay(POLL_MS);
  }
}

/** Resolves when so many events are handled. */
async function reached(
  replicas: readonly Replica[],
  count: number,
): Promise<readonly Progress[]> {
  let last = -1;
  let movedAtMs = performance.now();
  for (;;) {
    const seen = await looked(replicas, false);
    const handled = sumOf(seen);
    if (handled >= count) return seen;
    if (handled > last) movedAtMs = performance.now();
    else if (performance.now() - movedAtMs > STALLED_MS)
      throw new Error(`nothing goes on after ${handled} of ${count} events`);
    last = handled;
    await delay(POLL_MS);
  }
}

function looked(
  replicas: readonly Replica[],
  collectGarbage: boolean,
): Promise<Progress[]> {
  return Promise.all(
    replicas.map((one) =>
      one.ask({ do: "progress", collectGarbage }, progress),
    ),
  );
}

function sumOf(seen: readonly Progress[]): number {
  return seen.reduce((sum, { handled }) => sum + handled, 0);
}

/** A peer that was stopped half way has committed what it says, at least. */
async function faultsOf(
  { log, subject, world, warmUp, records }: FollowingSettings,
  deadBefore: number,
): Promise<number> {
  const topic = topicOf[world.workload];
  const committed = await log.committed(subject, topic);
  const dead = (await log.length("broker.dlq")) - deadBefore;
  return Math.max(0, warmUp + records - committed) + dead;
}

function profileFile(settings: FollowingSettings): string | undefined {
  if (settings.profileDirectory === undefined) return undefined;
  mkdirSync(settings.profileDirectory, { recursive: true });
  const name = `${settings.subject}-${settings.world.workload}-${Date.now()}.cpuprofile`;
  return resolve(settings.profileDirectory, name);
}
