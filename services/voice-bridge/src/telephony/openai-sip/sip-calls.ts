import type { Logger } from "@easymo/service-kit";
import type { OpenAI } from "openai";
import type { StreamOutcome } from "../../call/call-state.js";
import type { MediaLeg } from "../media-leg.js";

/**
 * The caller's end of a call that OpenAI's SIP gateway has: audio never comes
 * here, and what is to be dropped of it is said over the side-band socket.
 */
export function sideBandLeg(callId: string): MediaLeg {
  return {
    streamId: callId,
    play: () => undefined,
    clear: () => undefined,
    close: () => undefined,
    refuse: () => undefined,
  };
}

/** Ends or hands over a call that OpenAI's SIP gateway has. Never rejects. */
export async function concludeSipCall(
  client: OpenAI,
  callId: string,
  outcome: StreamOutcome,
  logger: Logger,
): Promise<void> {
  const { calls } = client.realtime;
  const target =
    outcome.kind === "transfer"
      ? outcome.to
      : outcome.kind === "apologise"
        ? outcome.transferTo
        : undefined;
  try {
    if (target === undefined) await calls.hangup(callId);
    else await calls.refer(callId, { target_uri: `tel:${target}` });
  } catch (error) {
    logger.warn({ err: error, callId }, "the SIP call could not be concluded");
  }
}
