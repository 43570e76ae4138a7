import { startKafkaCluster, startRedis } from "@easymo/testbed";
import type { Options } from "../options.js";
import { Log } from "../orchestrator/log.js";
import { report, type Following, type Plan } from "../orchestrator/report.js";
import { runFollowingRound } from "../orchestrator/round.js";
import { servicesAt, type ServicesCommand } from "../orchestrator/protocol.js";
import {
  followingSubjectNames,
  workloadNames,
  type FollowingSubjectName,
  type PartName,
  type WorkloadName,
} from "../orchestrator/subject.js";
import type { Section } from "../report/section.js";
import { Child } from "../run/child.js";
import { nothing } from "../run/protocol.js";
import { leaveFirstCore } from "../run/other-cores.js";

const TURNS_OF_EACH = 10;
const MEMORY_SAMPLES = 20;
const OWN: FollowingSubjectName = "broker-orchestrator";
const OWN_CPU = 0;
/** What a second replica shares with the brokers and Redis, where there are two in all. */
const OTHER_CPU = 1;

interface World {
  readonly log: Log;
  readonly redisUrl: string;
  readonly servicesUrl: string;
  readonly options: Options;
  readonly progress: (line: string) => void;
}

/** What following events costs, on a Kafka and a Redis of the benchmark's own. */
export async function orchestrator(
  options: Options,
  progress: (line: string) => void,
): Promise<Section> {
  leaveFirstCore();
  const services = new Child<ServicesCommand>({
    entry: "../orchestrator/services-process.js",
    cpu: OTHER_CPU,
  });
  const [cluster, redis] = await Promise.all([
    startKafkaCluster({ brokers: 1, optimised: true }),
    startRedis(),
  ]);
  try {
    const log = await Log.open(cluster);
    const { port } = await services.ask({ do: "listen" }, servicesAt);
    const servicesUrl = `http://127.0.0.1:${port}`;
    const world = { log, redisUrl: redis.url, servicesUrl, options, progress };
    const outcomes = await allOf(world);
    await services.ask({ do: "stop" }, nothing);
    await log.close();
    return report(outcomes);
  } finally {
    await Promise.all([cluster.stop(), redis.stop(), services.end()]);
  }
}

async function allOf(world: World): Promise<Following[]> {
  const { options, progress } = world;
  const outcomes: Following[] = [];
  const rounds = options.rounds ?? (options.quick ? 1 : 3);
  for (const workload of workloadNames) {
    const length = lengthOf(workload, options);
    const plans = plansOf(workload, length, options);
    if (plans.length === 0) continue;
    progress(`writing ${length} ${workload}`);
    await world.log.fill(workload, length, TURNS_OF_EACH);
    for (let round = 1; round <= rounds; round++)
      for (const plan of round % 2 === 1 ? plans : plans.toReversed())
        outcomes.push(await measureOnce(world, plan));
  }
  if (!isWanted(options, "memory") || !isSubject(options, OWN)) return outcomes;
  const people = options.quick ? 100_000 : 1_000_000;
  progress(`writing ${people} words, each of another person`);
  await world.log.fill("words", people, 1);
  outcomes.push(await measureOnce(world, manyPeople(people)));
  return outcomes;
}

function lengthOf(workload: WorkloadName, options: Options): number {
  const length = options.quick ? 60_000 : 200_000;
  return workload === "calls" ? length / 2 : length;
}

function isWanted(options: Options, part: PartName): boolean {
  return options.parts?.includes(part) ?? true;
}

function isSubject(options: Options, name: FollowingSubjectName): boolean {
  return options.subjects?.includes(name) ?? true;
}

/** Everybody alone on a core; then two replicas on one core together, and on one each. */
function plansOf(
  workload: WorkloadName,
  length: number,
  options: Options,
): Plan[] {
  const planOf = (
    subject: FollowingSubjectName,
    kind: Plan["kind"],
    cpus: readonly number[],
  ): Plan => {
    // A part of it is enough to know what a thousand a second are.
    const records = subject === "each-message" ? length / 10 : length;
    const warmUp = records / 4;
    const measured = { warmUp, records: records - warmUp };
    return { kind, workload, subject, cpus, ...measured };
  };
  const plans = isWanted(options, workload)
    ? followingSubjectNames.map((name) => planOf(name, "alone", [OWN_CPU]))
    : [];
  if (workload === "words" && isWanted(options, "replicas"))
    plans.push(
      planOf(OWN, "sharing", [OWN_CPU, OWN_CPU]),
      planOf(OWN, "pair", [OWN_CPU, OTHER_CPU]),
    );
  return plans.filter(({ subject }) => isSubject(options, subject));
}

function manyPeople(people: number): Plan {
  const sampleEvery = people / MEMORY_SAMPLES;
  return {
    kind: "memory",
    workload: "words",
    subject: OWN,
    cpus: [OWN_CPU],
    warmUp: sampleEvery,
    records: people - sampleEvery,
    sampleEvery,
  };
}

async function measureOnce(world: World, plan: Plan): Promise<Following> {
  const { log, redisUrl, servicesUrl, options } = world;
  const { workload, subject, cpus, warmUp, records, sampleEvery } = plan;
  const measurement = await runFollowingRound({
    subject,
    cpus,
    world: { brokers: log.brokers, redisUrl, servicesUrl, workload },
    log,
    warmUp,
    records,
    ...(sampleEvery === undefined ? {} : { sampleEvery }),
    profileDirectory: options.profile,
  });
  const { handled, durationMs, cpuMs, cpuSystemMs, faults, shares } =
    measurement;
  const perSecond = handled / (durationMs / 1_000);
  const cpuMsPerThousand = cpuMs / (handled / 1_000);
  world.progress(
    `${workload}, ${subject} (${plan.kind}): ${perSecond.toFixed(0)} events/s, ${cpuMsPerThousand.toFixed(1)} ms CPU per 1,000 (${((cpuSystemMs / cpuMs) * 100).toFixed(0)} % in the kernel), ${faults} faults, shares ${shares.map((share) => share.toFixed(2)).join(" and ")}`,
  );
  return { plan, measurement, perSecond, cpuMsPerThousand };
}
