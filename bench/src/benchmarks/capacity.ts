import type { Options } from "../options.js";
import { formatSpread, type Section, type Target } from "../report/section.js";
import { spreadOf } from "../report/statistics.js";
import {
  faultsOf,
  labelOf,
  latencyOf,
  measureOnce,
  type Contender,
  type Outcome,
} from "./contest.js";

const CONTENDERS: readonly Contender[] = [
  { subject: "splice-relay", deltaMs: 20 },
  { subject: "voice-bridge", deltaMs: 20 },
  { subject: "voice-bridge", deltaMs: 200 },
];
const STEPS = [300, 400, 500, 600, 700, 800, 900, 1_000];
const QUICK_STEPS = [500];
const MOST_P99_MS = 20;
const LEAST_CALLS = 500;

/** One step of one contender: a number of calls, held or not. */
interface Step {
  readonly calls: number;
  readonly isHeld: boolean;
  readonly outcome: Outcome | undefined;
  readonly failure: string | undefined;
}

/** How many calls one core holds with nothing lost and the p99 under 20 ms. */
export async function capacity(
  options: Options,
  progress: (line: string) => void,
): Promise<Section> {
  const contenders = CONTENDERS.filter(
    ({ subject, deltaMs }) =>
      (options.subjects?.includes(subject) ?? true) &&
      (!options.quick || deltaMs === 20),
  );
  const steps = options.calls ?? (options.quick ? QUICK_STEPS : STEPS);
  const rounds = options.rounds ?? (options.quick ? 1 : 3);
  const climbs: { contender: Contender; steps: Step[] }[] = [];
  for (let round = 0; round < rounds; round++)
    for (const contender of contenders)
      climbs.push({
        contender,
        steps: await climb(contender, steps, options, progress),
      });
  return report(contenders, climbs);
}

/** Goes up until a step is not held. */
async function climb(
  contender: Contender,
  counts: readonly number[],
  options: Options,
  progress: (line: string) => void,
): Promise<Step[]> {
  const steps: Step[] = [];
  for (const calls of counts) {
    const step = await tryStep(contender, calls, options, progress);
    steps.push(step);
    if (!step.isHeld) break;
  }
  return steps;
}

async function tryStep(
  contender: Contender,
  calls: number,
  options: Options,
  progress: (line: string) => void,
): Promise<Step> {
  try {
    const outcome = await measureOnce(contender, {
      calls,
      rounds: 1,
      windowMs: (options["window-seconds"] ?? (options.quick ? 4 : 10)) * 1_000,
      warmUpMs: options.quick ? 2_500 : 8_000,
      pacing: options.pacing ?? "tick",
      options,
      progress,
    });
    const p99Ms = latencyOf(outcome, "p99Ms");
    const faults = faultsOf(outcome.totals);
    const isHeld = p99Ms < MOST_P99_MS && faults === 0;
    progress(
      `${labelOf(contender)}: ${calls} calls ${isHeld ? "held" : "NOT held"}, p99 ${p99Ms.toFixed(2)} ms, ${faults} faults, generator late by ${outcome.measurement.load.lateness.p99Ms.toFixed(2)} ms at p99`,
    );
    return { calls, isHeld, outcome, failure: undefined };
  } catch (error) {
    const failure = error instanceof Error ? error.message : "failed";
    progress(`${labelOf(contender)}: ${calls} calls NOT held: ${failure}`);
    return { calls, isHeld: false, outcome: undefined, failure };
  }
}

function report(
  contenders: readonly Contender[],
  climbs: readonly { contender: Contender; steps: readonly Step[] }[],
): Section {
  const targets: Target[] = [];
  const rows = contenders.map((contender) => {
    const own = climbs.filter((climbed) => climbed.contender === contender);
    const held = spreadOf(own.map(({ steps }) => highestHeld(steps)));
    const last = own.flatMap(({ steps }) => steps.at(-1) ?? []);
    if (contender.subject === "voice-bridge")
      targets.push({
        what: `calls on one core, ${labelOf(contender)}`,
        wanted: `at least ${LEAST_CALLS}`,
        measured: formatSpread(held, 0),
        met: held.median >= LEAST_CALLS,
      });
    return [
      labelOf(contender),
      formatSpread(held, 0),
      last.map(({ isHeld, calls }) => (isHeld ? "none" : calls)).join(", "),
      last
        .map(
          ({ outcome, failure }) =>
            failure ??
            (outcome === undefined
              ? ""
              : latencyOf(outcome, "p99Ms").toFixed(1)),
        )
        .join(", "),
    ];
  });
  return {
    title: `Calls on one core with nothing lost and a p99 under ${MOST_P99_MS} ms`,
    columns: ["", "calls held", "first not held", "p99 there (ms)"],
    rows,
    targets,
    notes: [
      "The load generator, on the other core, carries as many messages as what it measures: where it is late itself, the number is the generator's.",
    ],
    data: climbs,
  };
}

function highestHeld(steps: readonly Step[]): number {
  return Math.max(
    0,
    ...steps.filter(({ isHeld }) => isHeld).map(({ calls }) => calls),
  );
}
