import type { BargeInReport } from "../load/barge-in-probe.js";
import type { LatencySummary } from "../load/latency-histogram.js";
import type { Options } from "../options.js";
import type { Section } from "../report/section.js";
import { spreadOf } from "../report/statistics.js";
import { Round } from "../run/round.js";

const OTHER_CALLS = 100;
const PROBES = 4;
const MOST_CLEAR_MS = 10;
const MOST_FIRST_AUDIO_MS = 20;

/** How soon the agent falls silent, and how soon it is heard. */
export async function bargeIn(
  options: Options,
  progress: (line: string) => void,
): Promise<Section> {
  const calls = options.calls?.[0] ?? OTHER_CALLS;
  const durationMs =
    (options["window-seconds"] ?? (options.quick ? 8 : 60)) * 1_000;
  const reports = await Round.run(
    {
      subject: "voice-bridge",
      calls,
      probes: PROBES,
      deltaMs: 20,
      speed: 1,
      pacing: options.pacing ?? "spread",
      marks: options.marks ?? "separate",
      script: "continuous",
      collectsGarbage: false,
      profileDirectory: options.profile,
    },
    async (round) => {
      await round.open(options.quick ? 2_000 : 5_000);
      const measured = await round.probe(durationMs);
      await round.close();
      return measured;
    },
  );
  const section = report(calls, reports);
  progress(`${sum(reports, "interruptions")} interruptions measured`);
  return section;
}

function report(calls: number, reports: readonly BargeInReport[]): Section {
  const clear = worst(reports.map((one) => one.clear));
  const firstAudio = worst(reports.map((one) => one.firstAudio));
  const faults =
    sum(reports, "wrong") + sum(reports, "late") + sum(reports, "pastHeard");
  return {
    title: `Barge-in, with ${calls} other calls (ms)`,
    columns: ["", "count", "p50", "p99", "max"],
    rows: [
      ["speech_started to clear at the caller", ...cells(clear)],
      [
        "first delta after the turn to first media at the caller",
        ...cells(firstAudio),
      ],
    ],
    targets: [
      {
        what: "speech_started to clear, p99",
        wanted: `under ${MOST_CLEAR_MS} ms`,
        measured: `${clear.p99Ms.toFixed(2)} ms`,
        met: clear.p99Ms < MOST_CLEAR_MS,
      },
      {
        what: "the bridge's share of last word to first audio, p99",
        wanted: `under ${MOST_FIRST_AUDIO_MS} ms`,
        measured: `${firstAudio.p99Ms.toFixed(2)} ms`,
        met: firstAudio.p99Ms < MOST_FIRST_AUDIO_MS,
      },
      {
        what: "one clear and one truncate each, no late audio, nothing truncated past what was heard",
        wanted: "0 faults",
        measured: `${faults} faults in ${sum(reports, "interruptions")} interruptions`,
        met: faults === 0,
      },
    ],
    notes: [
      `${PROBES} callers interrupt again and again; of the figures of each, the worst is shown. Half of the responses are over when they are interrupted.`,
    ],
    data: reports,
  };
}

function worst(summaries: readonly LatencySummary[]): LatencySummary {
  const highest = (of: (one: LatencySummary) => number): number =>
    spreadOf(summaries.map(of)).max;
  return {
    count: summaries.reduce((total, { count }) => total + count, 0),
    p50Ms: highest(({ p50Ms }) => p50Ms),
    p99Ms: highest(({ p99Ms }) => p99Ms),
    maxMs: highest(({ maxMs }) => maxMs),
  };
}

function cells({ count, p50Ms, p99Ms, maxMs }: LatencySummary): string[] {
  return [String(count), p50Ms.toFixed(2), p99Ms.toFixed(2), maxMs.toFixed(2)];
}

function sum(
  reports: readonly BargeInReport[],
  figure: "interruptions" | "wrong" | "late" | "pastHeard",
): number {
  return reports.reduce((total, one) => total + one[figure], 0);
}
