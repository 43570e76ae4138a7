import { z } from "zod";
import { usage } from "../run/protocol.js";
import { followingSubjectNames, workloadNames } from "./subject.js";

/** What the runner and its processes tell each other. */

export const followingCommand = z.discriminatedUnion("do", [
  z.object({
    do: z.literal("start"),
    name: z.enum(followingSubjectNames),
    world: z.object({
      brokers: z.array(z.string()),
      redisUrl: z.string(),
      servicesUrl: z.string(),
      workload: z.enum(workloadNames),
    }),
  }),
  z.object({ do: z.literal("progress"), collectGarbage: z.boolean() }),
  z.object({ do: z.literal("begin_profile") }),
  z.object({ do: z.literal("end_profile"), file: z.string() }),
  z.object({ do: z.literal("stop") }),
]);
export type FollowingCommand = z.infer<typeof followingCommand>;

export const progress = z.object({ handled: z.number(), usage });
export type Progress = z.infer<typeof progress>;

export const servicesCommand = z.discriminatedUnion("do", [
  z.object({ do: z.literal("listen") }),
  z.object({ do: z.literal("answered") }),
  z.object({ do: z.literal("stop") }),
]);
export type ServicesCommand = z.infer<typeof servicesCommand>;

export const answered = z.object({ calls: z.number() });

export const servicesAt = z.object({ port: z.number() });
