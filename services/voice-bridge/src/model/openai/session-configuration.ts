import type { PastTurn, SessionSetup } from "../realtime-model.js";

const TRANSCRIPTION_MODEL = "gpt-4o-mini-transcribe";

/**
 * `session.update`'s session: G.711 mu-law both ways, never re-encoded. On a
 * call that was accepted over SIP, format and voice stand already, and turn
 * detection goes by its type alone.
 */
export function sessionConfiguration(
  setup: SessionSetup,
): Record<string, unknown> {
  const { agent } = setup;
  if (setup.sideBandCallId !== undefined)
    return {
      type: "realtime",
      instructions: setup.instructions,
      audio: { input: { transcription: { model: TRANSCRIPTION_MODEL } } },
      ...toolConfiguration(setup),
    };
  return {
    type: "realtime",
    instructions: setup.instructions,
    output_modalities: ["audio"],
    audio: {
      input: {
        format: { type: "audio/pcmu" },
        transcription: { model: TRANSCRIPTION_MODEL },
        turn_detection: agent.turnDetection,
      },
      output: { format: { type: "audio/pcmu" }, voice: agent.voice },
    },
    ...toolConfiguration(setup),
  };
}

function toolConfiguration(setup: SessionSetup) {
  return {
    tools: setup.tools.map((tool) => ({ type: "function", ...tool })),
    tool_choice: "auto",
  };
}

/** A past turn as a conversation item: the assistant's words are output text. */
export function turnItem(turn: PastTurn): Record<string, unknown> {
  const type = turn.role === "assistant" ? "output_text" : "input_text";
  return {
    type: "message",
    role: turn.role,
    content: [{ type, text: turn.text }],
  };
}
