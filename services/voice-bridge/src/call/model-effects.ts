import type { CallEffect } from "./call-effects.js";
import type { ModelSessions } from "./model-sessions.js";

/** What of the machine's decisions is a word to the model, or about its session. */
export type ModelEffect = Extract<
  CallEffect,
  {
    do:
      | "open_model"
      | "switch_model"
      | "flush_caller_audio"
      | "truncate"
      | "create_response"
      | "cancel_response"
      | "add_turn"
      | "add_tool_result"
      | "stop_listening";
  }
>;

export function performOnModel(
  effect: ModelEffect,
  sessions: ModelSessions,
): void {
  switch (effect.do) {
    case "open_model":
      if (effect.why === "expiring") sessions.openSuccessor();
      else sessions.reopen(effect.delayMs);
      return;
    case "switch_model":
      sessions.switchToSuccessor();
      return;
    case "flush_caller_audio":
      sessions.listen();
      return;
    case "truncate":
      sessions.current?.truncate(
        effect.itemId,
        effect.contentIndex,
        effect.audioEndMs,
      );
      return;
    case "create_response":
      sessions.current?.createResponse(effect.request);
      return;
    case "cancel_response":
      sessions.current?.cancelResponse();
      return;
    case "add_turn":
      sessions.current?.addTurn(effect.turn);
      return;
    case "add_tool_result":
      sessions.current?.addToolResult(effect.callId, effect.output);
      return;
    case "stop_listening":
      sessions.current?.stopListening();
  }
}
