import { z } from "zod";
import { withRules } from "./cel.js";

const milliseconds = z.int().min(0).max(10_000).optional();

const onlyOfServerVad = [
  "threshold",
  "prefix_padding_ms",
  "silence_duration_ms",
  "idle_timeout_ms",
] as const;

// One object with rules, where the routing document has a union: a structural schema knows no unions.
export const turnDetection = withRules(
  z.object({
    type: z
      .enum(["server_vad", "semantic_vad"])
      .describe("By silence (server_vad) or by sense (semantic_vad)."),
    threshold: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe("How loud speech must be, 0 to 1. server_vad."),
    prefix_padding_ms: milliseconds.describe(
      "Sound kept from before speech began, in milliseconds. server_vad.",
    ),
    silence_duration_ms: milliseconds.describe(
      "Silence that ends a turn, in milliseconds. server_vad.",
    ),
    idle_timeout_ms: z
      .int()
      .min(5_000)
      .max(30_000)
      .optional()
      .describe(
        "Silence after which the agent speaks again, in milliseconds. server_vad.",
      ),
    eagerness: z
      .enum(["low", "medium", "high", "auto"])
      .optional()
      .describe("How soon a turn is taken for finished. semantic_vad."),
    create_response: z
      .boolean()
      .optional()
      .describe("Whether the end of a turn is answered by itself."),
    interrupt_response: z
      .boolean()
      .optional()
      .describe("Whether speech of the caller interrupts the answer."),
  }),
  {
    rule: "self.type != 'server_vad' || !has(self.eagerness)",
    message: "eagerness belongs to semantic_vad; this is server_vad",
    fieldPath: ".eagerness",
  },
  ...onlyOfServerVad.map((field) => ({
    rule: `self.type != 'semantic_vad' || !has(self.${field})`,
    message: `${field} belongs to server_vad; this is semantic_vad`,
    fieldPath: `.${field}`,
  })),
).describe(
  "When the caller's turn is taken for finished, in the words of OpenAI's Realtime API; by default server_vad.",
);
