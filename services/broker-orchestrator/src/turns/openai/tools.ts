import { intentNames } from "@easymo/intent-rules";
import type { ToolName } from "@easymo/routing";
import type { FunctionTool } from "openai/resources/responses/responses";
import { z } from "zod";
import type { TurnRequest } from "../turn-model.js";

/** What the model may have done on WhatsApp: the agent's tools that make sense there, and being called. */
export type TurnToolName =
  Exclude<ToolName, "set_disposition"> | "request_call";

const words = (maxCharacters: number, about: string) =>
  z.string().max(maxCharacters).nullable().describe(about);

/** How the model's arguments are read; every field is there, null when there is nothing to say. */
export const toolArguments = {
  fetch_lead: z.strictObject({}),
  log_lead: z.strictObject({
    name: words(200, "The person's name, as they wrote it themselves"),
    language: z
      .enum(["en", "fr", "rw", "sw"])
      .nullable()
      .describe("The language that the person writes"),
    tags: z
      .array(z.string().max(60))
      .max(20)
      .nullable()
      .describe("What the person is interested in, in single words"),
  }),
  capture_intent: z.strictObject({
    name: z.enum(intentNames).describe("What the person wants"),
    confidence: z.number().min(0).max(1).describe("How sure you are, 0 to 1"),
    item: words(200, "The thing, in the person's own words"),
    place: words(200, "Where it is needed"),
    details: words(500, "Anything else that a vendor must know"),
  }),
  collect_payment: z.strictObject({
    amount: z
      .int()
      .positive()
      .describe(
        "In the currency's minor unit (Rwandan francs have none: 5000 is 5,000 francs); exactly a sum that the person wrote or that an offer has",
      ),
  }),
  warm_transfer: z.strictObject({
    reason: words(500, "Why a person is needed, in a few words"),
  }),
  register_opt_out: z.strictObject({
    reason: words(500, "The person's own words"),
  }),
  request_call: z.strictObject({}),
} as const satisfies Record<TurnToolName, z.ZodType>;

const DESCRIPTIONS: Record<TurnToolName, string> = {
  fetch_lead: "What is known of the person: name, language, tags.",
  log_lead: "Notes what the person told of themselves.",
  capture_intent:
    "Passes on what the person wants: vendors are then asked, and their offers are sent to the person. Needs the thing and the place.",
  collect_payment:
    "Issues a payment code. It is added to your answer by itself: never write a code, a link or a number yourself.",
  warm_transfer:
    "The person wants to talk to a human: a colleague takes the conversation over, with what was said so far.",
  register_opt_out: "The person wants no more messages or calls.",
  request_call:
    "The person asks to be called on the telephone, now: their number is dialled.",
};

/** The tools that are offered to the model in a turn. Pure. */
export function toolsOf(turn: TurnRequest): FunctionTool[] {
  const names: readonly string[] = [
    ...turn.agent.tools,
    ...(turn.canCall === true ? ["request_call"] : []),
  ];
  return names.filter(isTurnTool).map((name) => ({
    type: "function",
    name,
    description: DESCRIPTIONS[name],
    parameters: parametersOf(name),
    strict: true,
  }));
}

export function isTurnTool(name: string): name is TurnToolName {
  return Object.hasOwn(toolArguments, name);
}

/**
 * Lengths are checked here and not by the model's own grammar, which does not know them.
 * Source: https://platform.openai.com/docs/guides/structured-outputs (supported schemas)
 */
function parametersOf(name: TurnToolName): Record<string, unknown> {
  const { $schema: _schema, ...schema } = z.toJSONSchema(toolArguments[name], {
    override: ({ jsonSchema }) => {
      delete jsonSchema.minLength;
      delete jsonSchema.maxLength;
    },
  });
  return schema;
}
