import { z } from "zod";
import { callView } from "../call/call-view.js";
import { callAnswer, callCommand } from "../registry/call-commands.js";

/** What one replica asks of all. */
export const ask = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("list") }),
  z.object({
    kind: z.literal("command"),
    callId: z.string(),
    command: callCommand,
  }),
  /** The asker has this call's stream: who waits for it waits in vain. */
  z.object({ kind: z.literal("forget"), callId: z.string() }),
]);
export type Ask = z.output<typeof ask>;

export const askMessage = z.object({
  id: z.string(),
  replica: z.string(),
  ask,
});

/** What each replica answers; a command, only when the call is there. */
export const answer = z.object({
  id: z.string(),
  replica: z.string(),
  calls: z.array(callView).exactOptional(),
  answer: callAnswer.exactOptional(),
});
export type Answer = z.output<typeof answer>;
