import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Child } from "../run/child.js";
import { nothing, usage, type Usage } from "../run/protocol.js";
import { serviceNodeFlags } from "../run/service-flags.js";
import {
  listeningOn,
  requestReport,
  requestTotals,
  type IngestLoadCommand,
  type IngestSubjectCommand,
  type RequestReport,
  type RequestTotals,
} from "./protocol.js";
import type { IngestSubjectName, IngestWorld } from "./subject.js";

const SUBJECT_CPU = 0;
const LOAD_CPU = 1;
/** From a standstill until connections, batches and brokers have found their pace again. */
const SETTLING_MS = 300;

export interface TurnSettings {
  /** 0: as fast as they are answered. */
  readonly perSecond: number;
  readonly windowMs: number;
  /** A folder for a CPU profile of the subject. */
  readonly profileDirectory: string | undefined;
}

/** What was seen of a subject in one window. */
export interface IngestMeasurement {
  readonly load: RequestReport;
  readonly before: Usage;
  readonly after: Usage;
  /** Of the whole turn, the time around the window included. */
  readonly totals: RequestTotals;
}

/** A subject and its load, in processes of their own, that stand still unless it is their turn. */
export class IngestContender {
  readonly name: IngestSubjectName;
  readonly #subject: Child<IngestSubjectCommand>;
  readonly #load: Child<IngestLoadCommand>;

  constructor(name: IngestSubjectName) {
    this.name = name;
    this.#subject = new Child({
      entry: "../ingest/subject-process.js",
      cpu: SUBJECT_CPU,
      nodeFlags: name === "sip-ingress" ? serviceNodeFlags("sip-ingress") : [],
    });
    this.#load = new Child({
      entry: "../ingest/load-process.js",
      cpu: LOAD_CPU,
    });
  }

  async start(world: IngestWorld, connections: number): Promise<void> {
    const { brokers, redisUrl } = world;
    const { port } = await this.#subject.ask(
      {
        do: "start",
        name: this.name,
        world: { brokers: [...brokers], redisUrl },
      },
      listeningOn,
    );
    await this.#load.ask({ do: "connect", port, connections }, nothing);
  }

  /** Until V8 has made of it what it makes of it in the end. */
  async warmUp(requests: number): Promise<void> {
    await this.#load.ask({ do: "run", perSecond: 0 }, nothing);
    await this.#load.ask({ do: "answered", requests }, nothing);
    await this.#load.ask({ do: "pause" }, requestTotals);
  }

  /** Runs, is measured, and stands still again. */
  async turn(settings: TurnSettings): Promise<IngestMeasurement> {
    const { perSecond, windowMs } = settings;
    await this.#load.ask({ do: "run", perSecond }, nothing);
    await delay(SETTLING_MS);
    const profile = this.#profileFile(settings);
    if (profile !== undefined)
      await this.#subject.ask({ do: "begin_profile" }, nothing);
    await this.#load.ask({ do: "begin_window" }, nothing);
    const before = await this.#subject.ask({ do: "usage" }, usage);
    await delay(windowMs);
    const after = await this.#subject.ask({ do: "usage" }, usage);
    const load = await this.#load.ask({ do: "end_window" }, requestReport);
    if (profile !== undefined)
      await this.#subject.ask({ do: "end_profile", file: profile }, nothing);
    const totals = await this.#load.ask({ do: "pause" }, requestTotals);
    return { load, before, after, totals };
  }

  async stop(): Promise<void> {
    await this.#load.ask({ do: "stop" }, nothing);
    await this.#subject.ask({ do: "stop" }, nothing);
  }

  /** Resolves when both processes are gone, whatever state they were in. */
  async end(): Promise<void> {
    await Promise.all([this.#subject.end(), this.#load.end()]);
  }

  #profileFile({ profileDirectory }: TurnSettings): string | undefined {
    if (profileDirectory === undefined) return undefined;
    mkdirSync(profileDirectory, { recursive: true });
    const file = `${this.name}-${Date.now()}.cpuprofile`;
    return resolve(profileDirectory, file);
  }
}
