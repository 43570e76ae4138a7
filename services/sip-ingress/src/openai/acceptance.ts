import type { Agent } from "@easymo/routing";
import type { CallAcceptParams } from "openai/resources/realtime/calls";

/**
 * What a call is accepted with. Turn detection goes by its type alone: accept refuses thresholds, padding and silence.
 * Tools and everything else come from voice-bridge, over the call's side-band socket.
 */
export function acceptance(
  agent: Agent,
  model: string | undefined,
): CallAcceptParams {
  return {
    type: "realtime",
    model: model ?? agent.model,
    instructions: agent.instructions,
    audio: {
      input: { turn_detection: { type: agent.turnDetection.type } },
      output: { voice: agent.voice },
    },
  };
}
