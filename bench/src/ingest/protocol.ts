import { z } from "zod";
import { ingestSubjectNames } from "./subject.js";

/** What the runner and its two processes tell each other. */

export const ingestSubjectCommand = z.discriminatedUnion("do", [
  z.object({
    do: z.literal("start"),
    name: z.enum(ingestSubjectNames),
    world: z.object({ brokers: z.array(z.string()), redisUrl: z.string() }),
  }),
  z.object({ do: z.literal("usage") }),
  z.object({ do: z.literal("begin_profile") }),
  z.object({ do: z.literal("end_profile"), file: z.string() }),
  z.object({ do: z.literal("stop") }),
]);
export type IngestSubjectCommand = z.infer<typeof ingestSubjectCommand>;

export const ingestLoadCommand = z.discriminatedUnion("do", [
  z.object({
    do: z.literal("connect"),
    port: z.number(),
    connections: z.number(),
  }),
  z.object({
    do: z.literal("run"),
    /** Requests a second, spread over the connections; 0: each connection sends again when it is answered. */
    perSecond: z.number(),
  }),
  /** Resolves when so many more have been answered. */
  z.object({ do: z.literal("answered"), requests: z.number() }),
  z.object({ do: z.literal("begin_window") }),
  z.object({ do: z.literal("end_window") }),
  /** Resolves when everything is answered, with what that was since it ran. */
  z.object({ do: z.literal("pause") }),
  z.object({ do: z.literal("stop") }),
]);
export type IngestLoadCommand = z.infer<typeof ingestLoadCommand>;

export const listeningOn = z.object({ port: z.number() });

export const requestReport = z.object({
  durationMs: z.number(),
  accepted: z.number(),
  refused: z.number(),
  latency: z.object({
    count: z.number(),
    p50Ms: z.number(),
    p99Ms: z.number(),
    maxMs: z.number(),
  }),
});
export type RequestReport = z.infer<typeof requestReport>;

export const requestTotals = z.object({
  accepted: z.number(),
  refused: z.number(),
});
export type RequestTotals = z.infer<typeof requestTotals>;
