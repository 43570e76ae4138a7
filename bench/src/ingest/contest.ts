import { spreadOf } from "../report/statistics.js";
import { cpuMs } from "../run/round.js";
import { IngestContender, type IngestMeasurement } from "./contender.js";
import { EventsLog } from "./events-log.js";
import {
  PUBLISHES_NOTHING,
  type IngestSubjectName,
  type IngestWorld,
} from "./subject.js";

export interface IngestContestSettings {
  readonly world: IngestWorld;
  readonly subjects: readonly IngestSubjectName[];
  readonly connections: number;
  readonly warmUpRequests: number;
  /** Short and many: what disturbs the machine then disturbs all of them alike. */
  readonly rounds: number;
  readonly windowMs: number;
  /** Whose latency is measured at half of its highest rate, in so many turns. */
  readonly own: IngestSubjectName;
  readonly halfRateTurns: number;
  readonly profileDirectory: string | undefined;
  readonly progress: (line: string) => void;
}

/** What one turn of one subject came to. */
export interface IngestOutcome {
  readonly subject: IngestSubjectName;
  readonly measurement: IngestMeasurement;
  /** Records that Kafka has and nobody was told of, or the other way round; and answers that were none of 202. */
  readonly faults: number;
  readonly cpuMsPerRequest: number;
  readonly perSecond: number;
}

export interface IngestOutcomes {
  readonly atFullRate: readonly IngestOutcome[];
  readonly atHalfRate: readonly IngestOutcome[];
}

/** All subjects are there from start to end, and take short turns. */
export async function ingestContest(
  settings: IngestContestSettings,
): Promise<IngestOutcomes> {
  const log = new EventsLog(settings.world.brokers);
  await log.open();
  const contenders = settings.subjects.map((name) => new IngestContender(name));
  try {
    for (const contender of contenders) {
      settings.progress(`warming up ${contender.name}`);
      await contender.start(settings.world, settings.connections);
      await contender.warmUp(settings.warmUpRequests);
    }
    const turns = new Turns(settings, log);
    const atFullRate = await fullRate(contenders, turns, settings);
    const atHalfRate = await halfRate(contenders, turns, settings, atFullRate);
    for (const contender of contenders) await contender.stop();
    return { atFullRate, atHalfRate };
  } finally {
    await Promise.all(contenders.map((contender) => contender.end()));
    await log.close();
  }
}

/** Each in turn, every other time backwards, as fast as it answers. */
async function fullRate(
  contenders: readonly IngestContender[],
  turns: Turns,
  { rounds, progress }: IngestContestSettings,
): Promise<IngestOutcome[]> {
  const outcomes: IngestOutcome[] = [];
  for (let round = 1; round <= rounds; round++)
    for (const contender of round % 2 === 1
      ? contenders
      : contenders.toReversed()) {
      const outcome = await turns.of(contender, 0);
      outcomes.push(outcome);
      progress(`round ${round}/${rounds}, ${inWords(outcome)}`);
    }
  return outcomes;
}

/** The latency that is promised is that of a service that is half busy. */
async function halfRate(
  contenders: readonly IngestContender[],
  turns: Turns,
  { own, halfRateTurns, progress }: IngestContestSettings,
  atFullRate: readonly IngestOutcome[],
): Promise<IngestOutcome[]> {
  const contender = contenders.find(({ name }) => name === own);
  if (contender === undefined) return [];
  const highest = spreadOf(
    atFullRate
      .filter(({ subject }) => subject === own)
      .map(({ perSecond }) => perSecond),
  ).max;
  const outcomes: IngestOutcome[] = [];
  while (outcomes.length < halfRateTurns) {
    const outcome = await turns.of(contender, Math.round(highest / 2));
    outcomes.push(outcome);
    progress(`at half of its highest rate, ${inWords(outcome)}`);
  }
  return outcomes;
}

/** Turns, each with its account of what reached Kafka. */
class Turns {
  readonly #settings: IngestContestSettings;
  readonly #log: EventsLog;

  constructor(settings: IngestContestSettings, log: EventsLog) {
    this.#settings = settings;
    this.#log = log;
  }

  async of(
    contender: IngestContender,
    perSecond: number,
  ): Promise<IngestOutcome> {
    const { windowMs, profileDirectory } = this.#settings;
    const lengthBefore = await this.#log.length();
    const measurement = await contender.turn({
      perSecond,
      windowMs,
      profileDirectory,
    });
    const published = (await this.#log.length()) - lengthBefore;
    const { before, after, load, totals } = measurement;
    const acceptedPerMs = load.accepted / load.durationMs;
    return {
      subject: contender.name,
      measurement,
      faults:
        Math.abs(
          published -
            (contender.name === PUBLISHES_NOTHING ? 0 : totals.accepted),
        ) + totals.refused,
      cpuMsPerRequest:
        cpuMs(before, after) / ((after.atMs - before.atMs) * acceptedPerMs),
      perSecond: acceptedPerMs * 1_000,
    };
  }
}

function inWords(outcome: IngestOutcome): string {
  const { subject, cpuMsPerRequest, perSecond, faults, measurement } = outcome;
  return `${subject}: ${cpuMsPerRequest.toFixed(3)} ms CPU per request, ${perSecond.toFixed(0)} requests/s, p99 ${measurement.load.latency.p99Ms.toFixed(1)} ms, ${faults} faults`;
}
