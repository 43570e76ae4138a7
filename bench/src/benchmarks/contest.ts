import type { LoadTotals } from "../load/load-report.js";
import type { LoadSettings } from "../load/load.js";
import type { Options } from "../options.js";
import { cpuMs, Round, type Measurement } from "../run/round.js";
import type { SubjectName } from "../subjects/subject.js";

/** One of those that are measured side by side. */
export interface Contender {
  readonly subject: SubjectName;
  readonly deltaMs: number;
}

export interface Outcome {
  readonly contender: Contender;
  readonly calls: number;
  readonly measurement: Measurement;
  readonly totals: LoadTotals;
  /** A call-second is 50 frames of 20 ms each way. */
  readonly cpuMsPerCallSecond: number;
}

export interface ContestSettings {
  readonly calls: number;
  readonly rounds: number;
  readonly windowMs: number;
  readonly warmUpMs: number;
  readonly pacing: LoadSettings["pacing"];
  /** Unless the options say; `separate` when nobody does. */
  readonly marks?: LoadSettings["marks"];
  readonly options: Options;
  progress(line: string): void;
}

const FRAMES_PER_SECOND = 50;

/** Measures all contenders in turn, `rounds` times, every other time backwards. */
export async function contest(
  contenders: readonly Contender[],
  settings: ContestSettings,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let round = 1; round <= settings.rounds; round++) {
    const order = round % 2 === 1 ? contenders : contenders.toReversed();
    for (const contender of order) {
      const outcome = await measureOnce(contender, settings);
      outcomes.push(outcome);
      settings.progress(
        `round ${round}/${settings.rounds}, ${settings.calls} calls, ${labelOf(contender)}: ${outcome.cpuMsPerCallSecond.toFixed(2)} ms CPU per call-second, p99 ${latencyOf(outcome, "p99Ms").toFixed(2)} ms`,
      );
    }
  }
  return outcomes;
}

export async function measureOnce(
  contender: Contender,
  settings: ContestSettings,
): Promise<Outcome> {
  const { calls, pacing, windowMs, warmUpMs, options } = settings;
  return await Round.run(
    {
      ...contender,
      calls,
      probes: 0,
      speed: 1,
      pacing,
      marks: options.marks ?? settings.marks ?? "separate",
      script: "continuous",
      collectsGarbage: false,
      profileDirectory: options.profile,
    },
    async (round) => {
      await round.open(warmUpMs);
      const measurement = await round.measure(windowMs);
      const totals = await round.close();
      const { before, after, load } = measurement;
      const callSeconds =
        (load.inbound.received / load.durationMs) *
        ((after.atMs - before.atMs) / FRAMES_PER_SECOND);
      return {
        contender,
        calls,
        measurement,
        totals,
        cpuMsPerCallSecond: cpuMs(before, after) / callSeconds,
      };
    },
  );
}

export function labelOf({ subject, deltaMs }: Contender): string {
  return `${subject}, agent's audio in ${deltaMs} ms`;
}

/** The worse of both directions, milliseconds. */
export function latencyOf(
  { measurement: { load } }: Outcome,
  rank: "p50Ms" | "p99Ms" | "maxMs",
): number {
  return Math.max(load.inbound.latency[rank], load.outbound.latency[rank]);
}

/** Frames lost, changed, or out of order. */
export function faultsOf({ inbound, outbound, dropped }: LoadTotals): number {
  return [inbound, outbound].reduce(
    (sum, flow) => sum + flow.lost + flow.corrupt + flow.misordered,
    dropped,
  );
}

export function isSame(a: Contender, b: Contender): boolean {
  return a.subject === b.subject && a.deltaMs === b.deltaMs;
}
