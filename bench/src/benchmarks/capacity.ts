import type { Options } from "../options.js";
import { formatSpread, type Section, type Target } from "../report/section.js";
import { spreadOf } from "../report/statistics.js";
import {
  judge,
  MOST_P99_MS,
  type CarriedCalls,
  type HeldCalls,
} from "./held-calls.js";
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
const LEAST_CALLS = 500;
/** A number of calls that was disturbed is tried again. */
const TRIES = 3;

/** One step of one contender: a number of calls, held or not. */
interface Step {
  readonly calls: number;
  readonly verdict: HeldCalls;
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
    const step = await takeStep(contender, calls, options, progress);
    steps.push(step);
    if (step.verdict !== "held") break;
  }
  return steps;
}

/** What neighbours disturbed says nothing: once more. */
async function takeStep(
  contender: Contender,
  calls: number,
  options: Options,
  progress: (line: string) => void,
): Promise<Step> {
  for (let attempt = 1; ; attempt++) {
    const step = await tryStep(contender, calls, options, progress);
    if (step.verdict !== "neighbours" || attempt === TRIES) return step;
  }
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
      // By themselves they are half as many writes again for the generator, which is at its end first then.
      marks: "with-frame",
      options,
      progress,
    });
    const carried = carriedBy(outcome);
    const verdict = judge(carried);
    progress(
      `${labelOf(contender)}: ${calls} calls ${SAID[verdict]}, p99 ${carried.p99Ms.toFixed(2)} ms, ${carried.faults} faults, generator at ${(carried.generator.cpu * 100).toFixed(0)} % of its core and late by ${carried.generator.latenessP99Ms.toFixed(2)} ms at p99`,
    );
    return { calls, verdict, outcome, failure: undefined };
  } catch (error) {
    const failure = error instanceof Error ? error.message : "failed";
    progress(`${labelOf(contender)}: ${calls} calls NOT held: ${failure}`);
    return { calls, verdict: "subject", outcome: undefined, failure };
  }
}

const SAID: Readonly<Record<HeldCalls, string>> = {
  held: "held",
  subject: "NOT held",
  generator: "not held: the generator was at its end",
  neighbours: "not held: neighbours had the core",
};

function carriedBy(outcome: Outcome): CarriedCalls {
  const { before, after, load } = outcome.measurement;
  const seconds = (after.atMs - before.atMs) / 1_000;
  return {
    p99Ms: latencyOf(outcome, "p99Ms"),
    faults: faultsOf(outcome.totals),
    waitedMsPerSecond: (after.waitedMs - before.waitedMs) / seconds,
    generator: {
      cpu: load.generatorCpu,
      waitedMsPerSecond: load.generatorWaitedMs / (load.durationMs / 1_000),
      latenessP99Ms: load.lateness.p99Ms,
    },
  };
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
    const excuses = new Set(
      last
        .filter(({ verdict }) => verdict !== "subject" && verdict !== "held")
        .map(({ verdict }) => SAID[verdict]),
    );
    if (contender.subject === "voice-bridge")
      targets.push({
        what: `calls on one core, ${labelOf(contender)}`,
        wanted: `at least ${LEAST_CALLS}`,
        measured: [formatSpread(held, 0), ...excuses].join("; "),
        met: held.median >= LEAST_CALLS,
      });
    return [
      labelOf(contender),
      formatSpread(held, 0),
      last
        .map(({ verdict, calls }) => (verdict === "held" ? "none" : calls))
        .join(", "),
      last
        .map(
          ({ outcome, failure }) =>
            failure ??
            (outcome === undefined
              ? ""
              : latencyOf(outcome, "p99Ms").toFixed(1)),
        )
        .join(", "),
      last.map(({ verdict }) => (verdict === "held" ? "" : verdict)).join(", "),
      figures(last.flatMap(({ outcome }) => outcome?.cpuMsPerCallSecond ?? [])),
      figures(
        last.flatMap(
          ({ outcome }) => outcome?.measurement.load.generatorCpu ?? [],
        ),
      ),
    ];
  });
  return {
    title: `Calls on one core with nothing lost and a p99 under ${MOST_P99_MS} ms`,
    columns: [
      "",
      "calls held",
      "first not held",
      "p99 there (ms)",
      "because of",
      "CPU ms there",
      "generator CPU there",
    ],
    rows,
    targets,
    notes: [
      "The load generator, on the other core, carries as many messages as what it measures. Where its core was full or it was late itself, the number is the generator's; where neighbours kept either from its core, nobody's: it was tried three times.",
      "CPU ms: per call-second, as in the media benchmark. Generator CPU is in cores.",
    ],
    data: climbs,
  };
}

function figures(values: readonly number[]): string {
  return values.length === 0 ? "" : formatSpread(spreadOf(values));
}

function highestHeld(steps: readonly Step[]): number {
  return Math.max(
    0,
    ...steps
      .filter(({ verdict }) => verdict === "held")
      .map(({ calls }) => calls),
  );
}
