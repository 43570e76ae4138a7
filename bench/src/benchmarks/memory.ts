import { setTimeout as delay } from "node:timers/promises";
import type { Options } from "../options.js";
import { formatSpread, type Section, type Target } from "../report/section.js";
import { spreadOf, type Spread } from "../report/statistics.js";
import type { Usage } from "../run/protocol.js";
import { Round, type RoundSettings } from "../run/round.js";
import type { SubjectName } from "../subjects/subject.js";
import { growthOf, heapOf, type Growth } from "./growth.js";

const SUBJECTS: readonly SubjectName[] = ["splice-relay", "voice-bridge"];
const CALLS = 300;
const MOST_KIB_PER_CALL = 128;
const KIB = 1_024;

const HOUR_SPEED = 20;
const HOUR_CALLS = 20;
const HOUR_MS = 3_600_000;
const MOST_GROWTH_KIB_PER_CALL_HOUR = 64;

/** What a call takes in memory, and whether that grows with its length. */
export async function memory(
  options: Options,
  progress: (line: string) => void,
): Promise<Section> {
  const subjects = SUBJECTS.filter(
    (name) => options.subjects?.includes(name) ?? true,
  );
  const calls = options.calls?.[0] ?? (options.quick ? 100 : CALLS);
  const rounds = options.rounds ?? (options.quick ? 1 : 3);
  const perCall: PerCall[] = [];
  for (let round = 1; round <= rounds; round++)
    for (const subject of subjects) {
      const measured = await memoryPerCall(subject, calls, options);
      perCall.push(measured);
      progress(
        `round ${round}/${rounds}, ${subject}, ${calls} calls: ${measured.rssKib.toFixed(0)} KiB resident, ${measured.heapKib.toFixed(0)} KiB heap and buffers a call`,
      );
    }
  const hour = options.quick ? undefined : await callHour(options, progress);
  return report(subjects, perCall, hour);
}

interface PerCall {
  readonly subject: SubjectName;
  readonly calls: number;
  readonly rssKib: number;
  readonly heapKib: number;
  readonly samples: readonly Usage[];
}

function settingsFor(
  subject: SubjectName,
  calls: number,
  options: Options,
): RoundSettings {
  return {
    subject,
    calls,
    probes: 0,
    deltaMs: 20,
    speed: 1,
    pacing: options.pacing ?? "tick",
    marks: options.marks ?? "separate",
    script: "continuous",
    collectsGarbage: true,
    profileDirectory: undefined,
  };
}

/** From a process that has run warm with a few calls to one with all of them. */
async function memoryPerCall(
  subject: SubjectName,
  calls: number,
  options: Options,
): Promise<PerCall> {
  const few = Math.ceil(calls / 10);
  return await Round.run(
    settingsFor(subject, calls, options),
    async (round) => {
      await round.start();
      await round.openSome(few);
      await delay(options.quick ? 2_000 : 10_000);
      const before = await round.usage();
      await round.openSome(calls - few);
      await delay(options.quick ? 3_000 : 15_000);
      const after = await round.usage();
      await round.close();
      const added = calls - few;
      return {
        subject,
        calls,
        rssKib: (after.rssBytes - before.rssBytes) / KIB / added,
        heapKib: (heapOf(after) - heapOf(before)) / KIB / added,
        samples: [before, after],
      };
    },
  );
}

/** An hour of conversation, its clocks and its frames twenty times as fast. */
function callHour(
  options: Options,
  progress: (line: string) => void,
): Promise<Growth> {
  const settings: RoundSettings = {
    ...settingsFor("voice-bridge", HOUR_CALLS, options),
    speed: HOUR_SPEED,
    script: "conversation",
  };
  return growthOf(settings, HOUR_MS, progress);
}

function report(
  subjects: readonly SubjectName[],
  perCall: readonly PerCall[],
  hour: Growth | undefined,
): Section {
  const of = (subject: SubjectName, figure: "rssKib" | "heapKib"): Spread =>
    spreadOf(
      perCall
        .filter((one) => one.subject === subject)
        .map((one) => one[figure]),
    );
  const targets: Target[] = [];
  if (subjects.includes("voice-bridge")) {
    const resident = of("voice-bridge", "rssKib");
    targets.push({
      what: "resident memory a call",
      wanted: `under ${MOST_KIB_PER_CALL} KiB`,
      measured: `${formatSpread(resident, 0)} KiB`,
      met: resident.median < MOST_KIB_PER_CALL,
    });
  }
  if (hour !== undefined)
    targets.push({
      what: "growth of heap and buffers in an hour of call time, per call",
      wanted: `under ${MOST_GROWTH_KIB_PER_CALL_HOUR} KiB`,
      measured: `${hour.heapGrowthKib.toFixed(1)} KiB (resident: ${hour.rssGrowthKib.toFixed(1)} KiB)`,
      met: hour.heapGrowthKib < MOST_GROWTH_KIB_PER_CALL_HOUR,
    });
  return {
    title: "Memory",
    columns: [
      "",
      "calls",
      "resident KiB a call",
      "heap and buffers KiB a call",
    ],
    rows: subjects.map((subject) => [
      subject,
      String(perCall.find((one) => one.subject === subject)?.calls ?? 0),
      formatSpread(of(subject, "rssKib"), 0),
      formatSpread(of(subject, "heapKib"), 0),
    ]),
    targets,
    notes: [
      "After a forced collection, with audio flowing: the difference between a tenth of the calls and all of them.",
      `The hour: ${HOUR_CALLS} calls in conversation, ${HOUR_SPEED} times as fast, clocks included; the slope of its last two thirds.`,
    ],
    data: { perCall, hour },
  };
}
