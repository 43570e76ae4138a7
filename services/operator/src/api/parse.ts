import type { z } from "zod";
import { agentSchema, type Agent } from "./agent.js";
import { channelSchema, type Channel } from "./channel.js";

/** What came from the API server, or everything about it that is not as the schema says. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads an Agent. Never throws: an object may have been stored under an older schema. */
export function parseAgent(value: unknown): Parsed<Agent> {
  return parse(agentSchema, value);
}

/** Reads a Channel. Never throws: an object may have been stored under an older schema. */
export function parseChannel(value: unknown): Parsed<Channel> {
  return parse(channelSchema, value);
}

function parse<T>(schema: z.ZodType<T>, value: unknown): Parsed<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  return {
    ok: false,
    problems: parsed.error.issues.map(
      ({ path, message }) => `${path.map(String).join(".")}: ${message}`,
    ),
  };
}
