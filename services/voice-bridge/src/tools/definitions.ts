import { toolNames, type Agent, type ToolName } from "@easymo/routing";
import { dispositionCodes } from "@easymo/agent-core-client";
import { z } from "zod";
import type { ToolDefinition } from "../model/realtime-model.js";

/** The agent's tools: what the model is told, and how its arguments are read. */

const language = z
  .string()
  .max(35)
  .optional()
  .describe("The language that the caller speaks: en, fr, rw or sw");

export const toolArguments = {
  fetch_lead: z.object({}),
  log_lead: z.object({
    name: z.string().min(1).max(200).optional().describe("The caller's name"),
    language,
    tags: z
      .array(z.string().min(1).max(60))
      .max(20)
      .optional()
      .describe("What the caller is interested in, in single words"),
  }),
  capture_intent: z.object({
    name: z
      .string()
      .min(1)
      .max(100)
      .describe("The wish in snake case, for example find_part"),
    confidence: z.number().min(0).max(1).describe("How sure you are, 0 to 1"),
    slots: z
      .record(z.string().max(60), z.string().max(500))
      .describe("Details of the wish: item, amount, place and the like"),
    language,
  }),
  collect_payment: z.object({
    amount: z
      .int()
      .positive()
      .describe(
        "In the currency's minor unit; Rwandan francs have none: 5000 is 5,000 francs",
      ),
    language,
  }),
  set_disposition: z.object({
    code: z.enum(dispositionCodes).describe("How the call's matter ended"),
    notes: z.string().max(1_000).optional(),
  }),
  warm_transfer: z.object({
    reason: z
      .string()
      .max(500)
      .optional()
      .describe("Why a person is needed, in a few words"),
  }),
  register_opt_out: z.object({
    reason: z.string().max(500).optional().describe("The caller's own words"),
    language,
  }),
} as const satisfies Record<ToolName, z.ZodType>;

const DESCRIPTIONS: Record<ToolName, string> = {
  fetch_lead: "What is known of the caller: name, language, tags, opt-out.",
  log_lead: "Notes what the caller told of themselves.",
  capture_intent:
    "Notes what the caller wants, so that vendors can be ranked for it.",
  collect_payment:
    "Issues a payment code and has it read to the caller in exact words.",
  set_disposition: "Notes how the call's matter ended.",
  warm_transfer: "Hands the caller to a person.",
  register_opt_out:
    "The caller wants no more contact: they are never contacted again.",
};

const DEFINITIONS: ReadonlyMap<ToolName, ToolDefinition> = new Map(
  toolNames.map((name) => [
    name,
    { name, description: DESCRIPTIONS[name], parameters: parametersOf(name) },
  ]),
);

/** The agent's tools; every call shares the same definitions. */
export function toolDefinitions(agent: Agent): ToolDefinition[] {
  return agent.tools.flatMap((name) => DEFINITIONS.get(name) ?? []);
}

function parametersOf(name: ToolName): Record<string, unknown> {
  const { $schema: _schema, ...schema } = z.toJSONSchema(toolArguments[name], {
    io: "input",
  });
  return schema;
}
