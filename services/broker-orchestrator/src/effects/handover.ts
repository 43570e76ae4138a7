import { AgentCoreError } from "@easymo/agent-core-client";
import { asTenant, isTakenAnyhow, refusedOrThrow } from "./deps.js";
import type { Executor } from "./executor.js";
import { mayStill } from "./permission.js";

/** Has people take the conversation over, with what was said so far. */
export const handOver: Executor<"hand_over"> = async (
  deps,
  effect,
  about,
  signal,
) => {
  if (!(await mayStill(deps, effect, about)))
    return { kind: "withheld", reason: "cancelled" };
  const { tenantId, id, names, name } = about.conversation;
  const { queue, reason, summary, until, key } = effect;
  const core = asTenant(deps.services.agentCore, tenantId, effect);
  try {
    const { to, handoverId } = await core.warmTransfer(
      {
        callId: id,
        queue,
        channel: "whatsapp",
        until,
        ...(summary === "" ? {} : { summary }),
        ...(names.phone === undefined ? {} : { phone: names.phone }),
        ...(names.userId === undefined
          ? {}
          : { userId: names.userId.slice(0, 128) }),
        ...(name === undefined ? {} : { name }),
        ...(reason === undefined ? {} : { reason }),
      },
      { idempotencyKey: key, signal },
    );
    return {
      kind: "handed_over",
      to,
      ...(handoverId === undefined ? {} : { handoverId }),
    };
  } catch (error) {
    if (isTakenAnyhow(error)) return { kind: "handed_over", to: queue };
    return refusedOrThrow(error);
  }
};

/** Asks whether people still have the conversation. */
export const checkHandover: Executor<"check_handover"> = async (
  deps,
  effect,
  { conversation },
  signal,
) => {
  const { tenantId } = conversation;
  const core = asTenant(deps.services.agentCore, tenantId, effect);
  try {
    const { handover } = await core.handover(effect.handoverId, { signal });
    const { status, notes } = handover;
    return {
      kind: "handover",
      isWithHuman: status === "with_human",
      ...(notes === null ? {} : { notes }),
    };
  } catch (error) {
    // Whoever does not know of it cannot hand it back: the time decides.
    if (error instanceof AgentCoreError && error.status === 404)
      return { kind: "handover", isWithHuman: true };
    throw error;
  }
};
