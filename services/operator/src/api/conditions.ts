import { z } from "zod";
import { timestamp } from "./fields.js";

/** One condition: https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#typical-status-properties */
const condition = z.object({
  type: z.string().max(316).describe("What the condition is about."),
  status: z.enum(["True", "False", "Unknown"]).describe("Whether it holds."),
  reason: z
    .string()
    .max(1_024)
    .describe("Why, in one word that programs can rely on."),
  message: z.string().max(32_768).describe("Why, in a sentence."),
  observedGeneration: z
    .int()
    .optional()
    .describe("The generation of the spec that this was found for."),
  lastTransitionTime: timestamp.describe("Since when it is so."),
});

/** The conditions of a resource: one per type, each written by whom it concerns. `reasons`: what each may have for one. */
export function conditions(
  reasons: Readonly<Record<string, readonly string[]>>,
) {
  const told = Object.entries(reasons).map(
    ([type, each]) => `${type} (${each.join(", ")})`,
  );
  return z
    .array(condition)
    .max(16)
    .meta({
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["type"],
    })
    .describe(`What holds and what does not, and why: ${told.join("; ")}.`);
}

/** One condition of a resource. */
export type Condition = z.infer<typeof condition>;
