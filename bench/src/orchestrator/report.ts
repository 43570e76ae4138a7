import { formatSpread, type Section, type Target } from "../report/section.js";
import {
  ratioOf,
  slopeOf,
  spreadOf,
  type Spread,
} from "../report/statistics.js";
import type { FollowingMeasurement } from "./round.js";
import {
  workloadNames,
  type FollowingSubjectName,
  type WorkloadName,
} from "./subject.js";

/** What is measured, and how. */
export interface Plan {
  /** `alone`: one process on a core; `sharing`: two replicas on one core; `pair`: two, a core each; `memory`: one event a person. */
  readonly kind: "alone" | "sharing" | "pair" | "memory";
  readonly workload: WorkloadName;
  readonly subject: FollowingSubjectName;
  readonly cpus: readonly number[];
  /** Events before anything is measured, and of which it is measured. */
  readonly warmUp: number;
  readonly records: number;
  readonly sampleEvery?: number;
}

export interface Following {
  readonly plan: Plan;
  readonly measurement: FollowingMeasurement;
  readonly perSecond: number;
  readonly cpuMsPerThousand: number;
}

const OWN: FollowingSubjectName = "broker-orchestrator";
const PEER: FollowingSubjectName = "each-batch";
const LEAST_PER_SECOND: Readonly<Record<WorkloadName, number>> = {
  words: 25_000,
  news: 25_000,
  calls: 5_000,
};
const LEAST_SHARE_OF_TWICE = 0.9;
const MOST_GROWTH_MIB = 16;
const MIB = 1_024 * 1_024;
/** Compiled code and pools grow at first, whoever comes. */
const SETTLED_SHARE = 1 / 3;

const LABELS: Readonly<Record<Plan["kind"], string>> = {
  alone: "",
  sharing: ", two replicas on one core",
  pair: ", two replicas, a core each",
  memory: ", a person each",
};

export function report(outcomes: readonly Following[]): Section {
  const groups = Map.groupBy(outcomes, ({ plan }) => nameOf(plan));
  return {
    title: "Events followed, from Kafka to Redis and on",
    columns: [
      "",
      "events/s",
      `× ${PEER}`,
      "CPU ms/1,000",
      "events per CPU second",
      "waited ms/s",
      "faults",
    ],
    rows: [...groups].map(([name, own]) => [
      name,
      formatSpread(spreadOf(own.map(({ perSecond }) => perSecond)), 0),
      ...againstPeer(own, outcomes),
      formatSpread(spreadOf(own.map((one) => one.cpuMsPerThousand)), 1),
      formatSpread(perCpuSecond(own), 0),
      formatSpread(spreadOf(own.map(waitedPerSecond)), 0),
      String(own.reduce((sum, one) => sum + one.measurement.faults, 0)),
    ]),
    targets: [
      ...workloadNames.flatMap((workload) => rateTarget(outcomes, workload)),
      ...replicasTarget(outcomes),
      ...memoryTarget(outcomes),
    ],
    notes: [
      "Values of 400 bytes in 6 partitions, ten events of each person. `words` change the conversation alone; of each of `news` a record tells the world; each of `calls` makes one HTTP request that is answered after 20 ms, and a record.",
      "What is measured has the first core to itself; Kafka, Redis, the called service and the bench share the others. With two cores in all, replicas on a core each take from the brokers what they add: what two replicas lose by being two is measured with both on one core.",
      "A fault is an event whose offset is not committed in the end, or a dead letter.",
    ],
    data: outcomes,
  };
}

function nameOf({ workload, subject, kind }: Plan): string {
  return `${workload}: ${subject}${LABELS[kind]}`;
}

function of(
  outcomes: readonly Following[],
  wanted: Partial<Plan>,
): Following[] {
  return outcomes.filter(
    ({ plan: { workload, subject, kind } }) =>
      (wanted.workload ?? workload) === workload &&
      (wanted.subject ?? subject) === subject &&
      (wanted.kind ?? kind) === kind,
  );
}

const rates = (of: readonly Following[]): number[] =>
  of.map(({ perSecond }) => perSecond);

function perCpuSecond(own: readonly Following[]): Spread {
  return spreadOf(own.map((one) => 1_000_000 / one.cpuMsPerThousand));
}

function waitedPerSecond({ measurement }: Following): number {
  return measurement.waitedMs / (measurement.durationMs / 1_000);
}

function againstPeer(
  own: readonly Following[],
  outcomes: readonly Following[],
): string[] {
  const [first] = own;
  if (first?.plan.kind !== "alone") return [""];
  const { workload } = first.plan;
  const peer = of(outcomes, { workload, subject: PEER, kind: "alone" });
  return peer.length === 0
    ? [""]
    : [formatSpread(ratioOf(rates(own), rates(peer)))];
}

function rateTarget(
  outcomes: readonly Following[],
  workload: WorkloadName,
): Target[] {
  const own = of(outcomes, { workload, subject: OWN, kind: "alone" });
  if (own.length === 0) return [];
  const rate = spreadOf(rates(own));
  const least = LEAST_PER_SECOND[workload];
  return [
    {
      what: `${workload}: events a second on one core`,
      wanted: `at least ${least}`,
      measured: `${formatSpread(rate, 0)}, by CPU ${formatSpread(perCpuSecond(own), 0)}`,
      met: rate.median >= least,
    },
  ];
}

function replicasTarget(outcomes: readonly Following[]): Target[] {
  const sharing = of(outcomes, { kind: "sharing" });
  if (sharing.length === 0) return [];
  const alone = of(outcomes, {
    workload: "words",
    subject: OWN,
    kind: "alone",
  });
  const share = ratioOf(rates(sharing), rates(alone));
  return [
    {
      what: "two replicas on one core, × one on it",
      wanted: `at least ${LEAST_SHARE_OF_TWICE}`,
      measured: formatSpread(share),
      met: share.median >= LEAST_SHARE_OF_TWICE,
    },
  ];
}

/** How the heap grows from a third of the people to all of them: the line through what is left after each collection. */
function memoryTarget(outcomes: readonly Following[]): Target[] {
  return of(outcomes, { kind: "memory" }).map(({ measurement, plan }) => {
    const people = plan.warmUp + plan.records;
    const settled = measurement.samples.filter(
      ({ handled }) => handled >= people * SETTLED_SHARE,
    );
    const growth = (bytes: (of: (typeof settled)[number]) => number): number =>
      (slopeOf(settled.map((one) => ({ x: one.handled, y: bytes(one) }))) *
        people *
        (1 - SETTLED_SHARE)) /
      MIB;
    const heap = growth(({ usage }) => usage.heapBytes + usage.externalBytes);
    const resident = growth(({ usage }) => usage.rssBytes);
    const last = settled.at(-1)?.usage;
    return {
      what: `growth of heap and buffers while ${people} people have their first event`,
      wanted: `under ${MOST_GROWTH_MIB} MiB`,
      measured: `${heap.toFixed(1)} MiB (resident: ${resident.toFixed(1)} MiB, ${((last?.rssBytes ?? 0) / MIB).toFixed(0)} MiB in the end)`,
      met: heap < MOST_GROWTH_MIB,
    };
  });
}
