import type { Options } from "../options.js";
import { formatSpread, type Section, type Target } from "../report/section.js";
import { ratioOf, spreadOf } from "../report/statistics.js";
import {
  contest,
  faultsOf,
  isSame,
  labelOf,
  type Contender,
  type Outcome,
} from "./contest.js";

const CONTENDERS: readonly Contender[] = [
  { subject: "splice-relay", deltaMs: 20 },
  { subject: "voice-bridge", deltaMs: 20 },
  { subject: "marking-relay", deltaMs: 20 },
  { subject: "json-relay", deltaMs: 20 },
  { subject: "splice-relay", deltaMs: 200 },
  { subject: "voice-bridge", deltaMs: 200 },
];
const MOST_TIMES_THE_RELAYS_CPU = 1.15;
const TARGET_CALLS = 300;

/** What carrying audio costs, in CPU. */
export async function media(
  options: Options,
  progress: (line: string) => void,
): Promise<Section> {
  const counts =
    options.calls ?? (options.quick ? [TARGET_CALLS] : [50, TARGET_CALLS]);
  const contenders = contendersFor(options);
  const outcomes: Outcome[] = [];
  for (const calls of counts)
    outcomes.push(
      ...(await contest(contenders, {
        calls,
        rounds: options.rounds ?? (options.quick ? 1 : 3),
        windowMs:
          (options["window-seconds"] ?? (options.quick ? 5 : 15)) * 1_000,
        warmUpMs: options.quick ? 4_000 : 12_000,
        pacing: options.pacing ?? "tick",
        options,
        progress,
      })),
    );
  return report(counts, contenders, outcomes);
}

function contendersFor(options: Options): readonly Contender[] {
  const { subjects, quick } = options;
  return CONTENDERS.filter(
    ({ subject, deltaMs }) =>
      (subjects?.includes(subject) ?? true) &&
      (!quick || (deltaMs === 20 && subject !== "marking-relay")),
  );
}

function report(
  counts: readonly number[],
  contenders: readonly Contender[],
  outcomes: readonly Outcome[],
): Section {
  const rows: string[][] = [];
  const targets: Target[] = [];
  for (const calls of counts)
    for (const contender of contenders) {
      const own = outcomes.filter(
        (outcome) =>
          outcome.calls === calls && isSame(outcome.contender, contender),
      );
      const peer = outcomes.filter(
        (outcome) =>
          outcome.calls === calls &&
          isSame(outcome.contender, {
            subject: "splice-relay",
            deltaMs: contender.deltaMs,
          }),
      );
      const ratio = ratioOf(own.map(cpuOf), peer.map(cpuOf));
      rows.push([
        labelOf(contender),
        String(calls),
        formatSpread(spreadOf(own.map(cpuOf))),
        peer.length === 0 ? "" : formatSpread(ratio),
        String(own.reduce((sum, { totals }) => sum + faultsOf(totals), 0)),
        formatSpread(
          spreadOf(own.map(({ measurement }) => measurement.load.generatorCpu)),
        ),
        formatSpread(spreadOf(own.map(waitedPerSecondMs)), 0),
      ]);
      if (
        contender.subject === "voice-bridge" &&
        calls === TARGET_CALLS &&
        peer.length > 0
      )
        targets.push({
          what: `CPU at ${calls} calls, ${labelOf(contender)}, times the splice-relay's`,
          wanted: `at most ${MOST_TIMES_THE_RELAYS_CPU}`,
          measured: formatSpread(ratio),
          met: ratio.median <= MOST_TIMES_THE_RELAYS_CPU,
        });
    }
  return {
    title: "Media relay: CPU per call-second (50 frames each way)",
    columns: [
      "",
      "calls",
      "CPU ms",
      "× splice-relay",
      "faults",
      "generator CPU",
      "waited ms/s",
    ],
    rows,
    targets,
    notes: [
      "splice-relay: two `ws` sockets and string slices, no marks; marking-relay: the same with a mark behind each piece of audio, echoed; json-relay: JSON.parse and JSON.stringify.",
      "voice-bridge sends a mark behind each piece of audio and gets it back when it was heard: at 20 ms pieces that is half as many messages again as a splice-relay receives. Models send larger pieces: 200 ms is nearer to them.",
      "Faults: frames lost, changed or out of order, and calls dropped. Generator CPU is in cores. Waited: for how long what is measured was kept from its core by neighbours; figures with much of it are worth little.",
    ],
    data: outcomes,
  };
}

function waitedPerSecondMs({ measurement }: Outcome): number {
  const { before, after } = measurement;
  return (
    ((after.waitedMs - before.waitedMs) / (after.atMs - before.atMs)) * 1_000
  );
}

function cpuOf({ cpuMsPerCallSecond }: Outcome): number {
  return cpuMsPerCallSecond;
}
