import type { Options } from "../options.js";
import { formatSpread, type Section, type Target } from "../report/section.js";
import { ratioOf, spreadOf } from "../report/statistics.js";
import {
  contest,
  faultsOf,
  isSame,
  labelOf,
  latencyOf,
  type Contender,
  type Outcome,
} from "./contest.js";

const CONTENDERS: readonly Contender[] = [
  { subject: "splice-relay", deltaMs: 20 },
  { subject: "voice-bridge", deltaMs: 20 },
];
const MOST_P50_MS = 0.3;
const TARGET_CALLS = 300;

/** What a frame loses on its way through, loopback included. */
export async function latency(
  options: Options,
  progress: (line: string) => void,
): Promise<Section> {
  const counts =
    options.calls ?? (options.quick ? [TARGET_CALLS] : [50, TARGET_CALLS, 500]);
  const contenders = CONTENDERS.filter(
    ({ subject }) => options.subjects?.includes(subject) ?? true,
  );
  const outcomes: Outcome[] = [];
  for (const calls of counts)
    outcomes.push(
      ...(await contest(contenders, {
        calls,
        rounds: options.rounds ?? (options.quick ? 1 : 3),
        windowMs:
          (options["window-seconds"] ?? (options.quick ? 4 : 15)) * 1_000,
        warmUpMs: options.quick ? 4_000 : 12_000,
        pacing: options.pacing ?? "spread",
        options,
        progress,
      })),
    );
  return report(counts, contenders, outcomes);
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
      const of = (wanted: Contender): Outcome[] =>
        outcomes.filter(
          (outcome) =>
            outcome.calls === calls && isSame(outcome.contender, wanted),
        );
      const own = of(contender);
      const p50 = own.map((outcome) => latencyOf(outcome, "p50Ms"));
      const p99 = own.map((outcome) => latencyOf(outcome, "p99Ms"));
      const peer = of({ subject: "splice-relay", deltaMs: 20 });
      rows.push([
        labelOf(contender),
        String(calls),
        formatSpread(spreadOf(p50), 3),
        formatSpread(spreadOf(p99), 3),
        formatSpread(
          ratioOf(
            p50,
            peer.map((outcome) => latencyOf(outcome, "p50Ms")),
          ),
        ),
        formatSpread(
          spreadOf(own.map((outcome) => latencyOf(outcome, "maxMs"))),
          1,
        ),
        String(own.reduce((sum, { totals }) => sum + faultsOf(totals), 0)),
        formatSpread(
          spreadOf(
            own.map(({ measurement }) => measurement.load.lateness.p99Ms),
          ),
        ),
      ]);
      if (contender.subject === "voice-bridge" && calls === TARGET_CALLS)
        targets.push({
          what: `added latency at ${calls} calls, p50`,
          wanted: `under ${MOST_P50_MS} ms`,
          measured: `${formatSpread(spreadOf(p50), 3)} ms`,
          met: spreadOf(p50).median < MOST_P50_MS,
        });
    }
  return {
    title: "Added latency per frame, loopback included (ms)",
    columns: [
      "",
      "calls",
      "p50",
      "p99",
      "p50 × splice-relay",
      "max",
      "faults",
      "generator late p99",
    ],
    rows,
    targets,
    notes: [
      "From the write of a frame in the load generator to its arrival there, by one clock, the worse of both directions. What the generator itself is late by is in it.",
    ],
    data: outcomes,
  };
}
