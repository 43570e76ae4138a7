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
} from "./protocol.js";
import type { IngestSubjectName, IngestWorld } from "./subject.js";

const SUBJECT_CPU = 0;
const LOAD_CPU = 1;

export interface IngestRoundSettings {
  readonly subject: IngestSubjectName;
  readonly world: IngestWorld;
  readonly connections: number;
  /** 0: as fast as they are answered. */
  readonly perSecond: number;
  /** Until V8 has made of each of them what it makes of it in the end. */
  readonly warmUpRequests: number;
  readonly windowMs: number;
  readonly profileDirectory: string | undefined;
}

/** One window of one subject under load. */
export interface IngestMeasurement {
  readonly load: RequestReport;
  readonly before: Usage;
  readonly after: Usage;
  readonly totals: { readonly accepted: number; readonly refused: number };
}

/** A subject and its load, in processes of their own, from start to end. */
export async function runIngestRound(
  settings: IngestRoundSettings,
): Promise<IngestMeasurement> {
  const subject = new Child<IngestSubjectCommand>({
    entry: "../ingest/subject-process.js",
    cpu: SUBJECT_CPU,
    nodeFlags:
      settings.subject === "sip-ingress" ? serviceNodeFlags("sip-ingress") : [],
  });
  const load = new Child<IngestLoadCommand>({
    entry: "../ingest/load-process.js",
    cpu: LOAD_CPU,
  });
  try {
    return await measure(settings, subject, load);
  } finally {
    await Promise.all([subject.end(), load.end()]);
  }
}

async function measure(
  settings: IngestRoundSettings,
  subject: Child<IngestSubjectCommand>,
  load: Child<IngestLoadCommand>,
): Promise<IngestMeasurement> {
  const { subject: name, connections, perSecond } = settings;
  const world = {
    brokers: [...settings.world.brokers],
    redisUrl: settings.world.redisUrl,
  };
  const { port } = await subject.ask({ do: "start", name, world }, listeningOn);
  await load.ask({ do: "start", port, connections, perSecond }, nothing);
  const requests = settings.warmUpRequests;
  await load.ask({ do: "warm_up", requests }, nothing);
  const profile = profileFile(settings);
  if (profile !== undefined)
    await subject.ask({ do: "begin_profile" }, nothing);
  await load.ask({ do: "begin_window" }, nothing);
  const before = await subject.ask({ do: "usage" }, usage);
  await delay(settings.windowMs);
  const after = await subject.ask({ do: "usage" }, usage);
  const report = await load.ask({ do: "end_window" }, requestReport);
  if (profile !== undefined)
    await subject.ask({ do: "end_profile", file: profile }, nothing);
  const totals = await load.ask({ do: "stop" }, requestTotals);
  await subject.ask({ do: "stop" }, nothing);
  return { load: report, before, after, totals };
}

function profileFile(settings: IngestRoundSettings): string | undefined {
  if (settings.profileDirectory === undefined) return undefined;
  mkdirSync(settings.profileDirectory, { recursive: true });
  const name = `${settings.subject}-${settings.connections}-${Date.now()}.cpuprofile`;
  return resolve(settings.profileDirectory, name);
}
