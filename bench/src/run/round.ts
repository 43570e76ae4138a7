import { mkdirSync } from "node:fs";
import { loadavg } from "node:os";
import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { BargeInReport } from "../load/barge-in-probe.js";
import type { SubjectAddress } from "../load/caller.js";
import type { LoadTotals, WindowReport } from "../load/load-report.js";
import type { LoadSettings } from "../load/load.js";
import type { SubjectName } from "../subjects/subject.js";
import { Child } from "./child.js";
import { serviceNodeFlags } from "./service-flags.js";
import {
  bargeInReports,
  listening,
  loadTotals,
  nothing,
  started,
  usage,
  windowReport,
  type LoadCommand,
  type SubjectCommand,
  type Usage,
} from "./protocol.js";

export interface RoundSettings extends LoadSettings {
  readonly subject: SubjectName;
  readonly collectsGarbage: boolean;
  /** A folder for a CPU profile of the subject. */
  readonly profileDirectory: string | undefined;
}

/** One window of one subject under load. */
export interface Measurement {
  readonly load: WindowReport;
  readonly before: Usage;
  readonly after: Usage;
  readonly loadAverage: number;
}

const SUBJECT_CPU = 0;
const LOAD_CPU = 1;
const SPARE_CALLS = 10;

/** A subject and its load, in processes of their own, from start to end. */
export class Round {
  readonly #settings: RoundSettings;
  readonly #subject: Child<SubjectCommand>;
  readonly #load: Child<LoadCommand>;
  #address: SubjectAddress | undefined;

  private constructor(settings: RoundSettings) {
    this.#settings = settings;
    this.#subject = new Child({
      entry: "subject-process.js",
      cpu: SUBJECT_CPU,
      nodeFlags: [
        ...(settings.subject === "voice-bridge"
          ? serviceNodeFlags("voice-bridge")
          : []),
        ...(settings.collectsGarbage ? ["--expose-gc"] : []),
      ],
    });
    this.#load = new Child({ entry: "load-process.js", cpu: LOAD_CPU });
  }

  /** Runs `measure` with both processes there and no call open yet. */
  static async run<T>(
    settings: RoundSettings,
    measure: (round: Round) => Promise<T>,
  ): Promise<T> {
    const round = new Round(settings);
    try {
      return await measure(round);
    } finally {
      await Promise.all([round.#subject.end(), round.#load.end()]);
    }
  }

  /** Starts both, opens all calls, and lets them run warm. */
  async open(warmUpMs: number): Promise<void> {
    await this.start();
    await this.openSome(this.#settings.calls + this.#settings.probes);
    await delay(warmUpMs);
  }

  /** Starts both, without a call. */
  async start(): Promise<void> {
    const { subject, speed, calls, probes } = this.#settings;
    const { port } = await this.#load.ask(
      { do: "listen", settings: this.#settings },
      listening,
    );
    const { address } = await this.#subject.ask(
      {
        do: "start",
        name: subject,
        world: {
          worldPort: port,
          maxCalls: calls + probes + SPARE_CALLS,
          speed,
        },
      },
      started,
    );
    this.#address = address;
  }

  /** Opens so many more calls; resolves when audio flows in each. */
  async openSome(calls: number): Promise<void> {
    const subject = this.#address;
    if (subject === undefined) throw new Error("start comes first");
    await this.#load.ask({ do: "open", subject, calls }, nothing);
  }

  async measure(windowMs: number): Promise<Measurement> {
    const profile = this.#profileFile();
    if (profile !== undefined)
      await this.#subject.ask({ do: "begin_profile" }, nothing);
    await this.#load.ask({ do: "begin_window" }, nothing);
    const before = await this.usage();
    await delay(windowMs);
    const after = await this.usage();
    const load = await this.#load.ask({ do: "end_window" }, windowReport);
    if (profile !== undefined)
      await this.#subject.ask({ do: "end_profile", file: profile }, nothing);
    return {
      load,
      before,
      after,
      loadAverage: loadavg()[0] ?? 0,
    };
  }

  #profileFile(): string | undefined {
    const { profileDirectory, subject, deltaMs, calls } = this.#settings;
    if (profileDirectory === undefined) return undefined;
    mkdirSync(profileDirectory, { recursive: true });
    const name = `${subject}-${deltaMs}ms-${calls}-${Date.now()}.cpuprofile`;
    return resolve(profileDirectory, name);
  }

  async usage(): Promise<Usage> {
    return await this.#subject.ask(
      { do: "usage", collectGarbage: this.#settings.collectsGarbage },
      usage,
    );
  }

  async probe(durationMs: number): Promise<BargeInReport[]> {
    const { reports } = await this.#load.ask(
      { do: "probe", durationMs },
      bargeInReports,
    );
    return reports;
  }

  /** Hangs up all calls. What was lost is known only then. */
  async close(): Promise<LoadTotals> {
    const totals = await this.#load.ask({ do: "stop" }, loadTotals);
    await this.#subject.ask({ do: "stop" }, nothing);
    return totals;
  }
}

export function cpuMs(before: Usage, after: Usage): number {
  return (
    after.cpuUserMs - before.cpuUserMs + after.cpuSystemMs - before.cpuSystemMs
  );
}
