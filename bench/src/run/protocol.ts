import { z } from "zod";
import { subjectNames } from "../subjects/subject.js";

/** What the runner and its two processes tell each other. */

const address = z.object({
  port: z.number(),
  path: z.string(),
  token: z.string(),
});

export const loadSettings = z.object({
  calls: z.number(),
  probes: z.number(),
  deltaMs: z.number(),
  speed: z.number(),
  pacing: z.enum(["spread", "tick"]),
  marks: z.enum(["separate", "with-frame"]),
  script: z.enum(["continuous", "conversation"]),
});

export const loadCommand = z.discriminatedUnion("do", [
  z.object({ do: z.literal("listen"), settings: loadSettings }),
  z.object({
    do: z.literal("open"),
    subject: address,
    calls: z.number(),
  }),
  z.object({ do: z.literal("begin_window") }),
  z.object({ do: z.literal("end_window") }),
  z.object({ do: z.literal("probe"), durationMs: z.number() }),
  z.object({ do: z.literal("stop") }),
]);
export type LoadCommand = z.infer<typeof loadCommand>;

export const subjectCommand = z.discriminatedUnion("do", [
  z.object({
    do: z.literal("start"),
    name: z.enum(subjectNames),
    world: z.object({
      worldPort: z.number(),
      maxCalls: z.number(),
      speed: z.number(),
    }),
  }),
  z.object({ do: z.literal("usage"), collectGarbage: z.boolean() }),
  z.object({ do: z.literal("begin_profile") }),
  z.object({ do: z.literal("end_profile"), file: z.string() }),
  z.object({ do: z.literal("stop") }),
]);
export type SubjectCommand = z.infer<typeof subjectCommand>;

const latency = z.object({
  count: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  maxMs: z.number(),
});

const counts = z.object({
  sent: z.number(),
  received: z.number(),
  corrupt: z.number(),
  misordered: z.number(),
});

export const nothing = z.object({});
export const listening = z.object({ port: z.number() });
export const started = z.object({ address });

export const windowReport = z.object({
  durationMs: z.number(),
  inbound: counts.extend({ latency }),
  outbound: counts.extend({ latency }),
  marksReturned: z.number(),
  lateness: latency,
  generatorCpu: z.number(),
  generatorWaitedMs: z.number(),
});

export const loadTotals = z.object({
  inbound: counts.extend({ lost: z.number() }),
  outbound: counts.extend({ lost: z.number() }),
  marksReturned: z.number(),
  dropped: z.number(),
});

export const bargeInReports = z.object({
  reports: z.array(
    z.object({
      clear: latency,
      firstAudio: latency,
      interruptions: z.number(),
      wrong: z.number(),
      late: z.number(),
      pastHeard: z.number(),
    }),
  ),
});

export const usage = z.object({
  atMs: z.number(),
  cpuUserMs: z.number(),
  cpuSystemMs: z.number(),
  rssBytes: z.number(),
  heapBytes: z.number(),
  externalBytes: z.number(),
  waitedMs: z.number(),
});
export type Usage = z.infer<typeof usage>;

/** The envelope of every question and its answer. */
export const question = z.object({ id: z.number(), command: z.unknown() });
export const answer = z.union([
  z.object({ id: z.number(), result: z.unknown() }),
  z.object({ id: z.number(), error: z.string() }),
]);
