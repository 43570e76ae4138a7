import { parseArgs } from "node:util";
import { z } from "zod";
import { ingestSubjectNames } from "./ingest/subject.js";
import { followingSubjectNames, partNames } from "./orchestrator/subject.js";
import { subjectNames } from "./subjects/subject.js";

export const benchmarkNames = [
  "media",
  "latency",
  "capacity",
  "memory",
  "barge-in",
  "ingest",
  "orchestrator",
  "soak",
] as const;
export type BenchmarkName = (typeof benchmarkNames)[number];

const allSubjectNames = [
  ...subjectNames,
  ...ingestSubjectNames,
  ...followingSubjectNames,
] as const;

export const USAGE = `usage: pnpm --filter @easymo/bench start [-- BENCHMARK…] [OPTIONS]

benchmarks: ${benchmarkNames.join(", ")} (default: all but soak)
  --quick             one short round each, about two and a half minutes in all
  --calls N,N         numbers of calls, instead of each benchmark's own
  --rounds N          rounds, alternating between the peers
  --window-seconds N  how long is measured in each round
  --subjects A,B      only these of ${allSubjectNames.join(", ")}
  --parts A,B         of orchestrator, only these of ${partNames.join(", ")}
  --minutes N         how long the soak takes (default: 60)
  --pacing P          spread or tick: see bench/README.md
  --marks M           separate or with-frame: how callers return marks
  --profile DIR       write CPU profiles of what is measured
`;

const listed = (of: string): string[] => of.split(",").filter(Boolean);

const schema = z.object({
  benchmarks: z.array(z.enum(benchmarkNames)),
  quick: z.boolean().default(false),
  calls: z
    .string()
    .transform((of) => listed(of).map(Number))
    .pipe(z.array(z.number().int().min(1)))
    .optional(),
  rounds: z.coerce.number().int().min(1).optional(),
  "window-seconds": z.coerce.number().min(1).optional(),
  subjects: z
    .string()
    .transform(listed)
    .pipe(z.array(z.enum(allSubjectNames)))
    .optional(),
  parts: z
    .string()
    .transform(listed)
    .pipe(z.array(z.enum(partNames)))
    .optional(),
  minutes: z.coerce.number().positive().optional(),
  pacing: z.enum(["spread", "tick"]).optional(),
  marks: z.enum(["separate", "with-frame"]).optional(),
  profile: z.string().optional(),
  help: z.boolean().default(false),
});
export type Options = z.infer<typeof schema>;

/** Throws an error that says what is wrong with the command line. */
export function readOptions(parameters: readonly string[]): Options {
  // pnpm hands its own separator on.
  const given = parameters[0] === "--" ? parameters.slice(1) : parameters;
  const { values, positionals } = parseArgs({
    args: [...given],
    allowPositionals: true,
    options: {
      quick: { type: "boolean" },
      calls: { type: "string" },
      rounds: { type: "string" },
      "window-seconds": { type: "string" },
      subjects: { type: "string" },
      parts: { type: "string" },
      minutes: { type: "string" },
      pacing: { type: "string" },
      marks: { type: "string" },
      profile: { type: "string" },
      help: { type: "boolean" },
    },
  });
  const read = schema.safeParse({ ...values, benchmarks: positionals });
  if (!read.success) throw new Error(z.prettifyError(read.error));
  return read.data;
}
