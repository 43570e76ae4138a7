import { z } from "zod";
import type { Call } from "../call/call.js";
import { callView } from "../call/call-view.js";

/** What may be asked of one call, by the calls API or by the carrier's word. */
export const callCommand = z.discriminatedUnion("do", [
  z.object({ do: z.literal("view") }),
  z.object({ do: z.literal("hang_up") }),
  z.object({
    do: z.literal("transfer"),
    /** In E.164; the agent's own target when it is not said. */
    to: z.string().exactOptional(),
    reason: z.string(),
  }),
  /** The carrier found an answering machine on the line. */
  z.object({ do: z.literal("machine_answered") }),
  /** The carrier's call is over; one whose stream never came waits for nobody. */
  z.object({ do: z.literal("completed") }),
]);
export type CallCommand = z.output<typeof callCommand>;

export const callAnswer = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("done"), call: callView }),
  /** There is neither a number in the command nor one of the agent. */
  z.object({ kind: z.literal("no_target") }),
]);
export type CallAnswer = z.output<typeof callAnswer>;

/** Does what is asked of a call that is here. */
export function runCommand(call: Call, command: CallCommand): CallAnswer {
  switch (command.do) {
    case "view":
      break;
    case "hang_up":
      call.end("api_hangup");
      break;
    case "transfer": {
      const target =
        command.to === undefined
          ? call.identity.agent.transfer
          : { to: command.to, queue: undefined };
      if (target === undefined) return { kind: "no_target" };
      call.transfer(target.to, target.queue, command.reason);
      break;
    }
    case "machine_answered":
      call.end("answering_machine");
      break;
    case "completed":
      if (!call.isAttached) call.end("caller_hangup");
  }
  return { kind: "done", call: call.view() };
}
