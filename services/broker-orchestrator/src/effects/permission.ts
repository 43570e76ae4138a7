import { AgentCoreError } from "@easymo/agent-core-client";
import type { Conversation } from "../conversation/state.js";
import type { Effect } from "../machine/effects.js";
import { asTenant, type EffectDeps } from "./deps.js";
import type { AboutEffect } from "./executor.js";

/** Whether the effect is still wanted, by what is stored now: an opt-out in between cancels it. */
export async function mayStill(
  deps: EffectDeps,
  effect: Effect,
  { conversation, home }: AboutEffect,
): Promise<boolean> {
  const now = await deps.peek(conversation.tenantId, home);
  // A store that forgot everything is no opt-out; the registry is asked besides.
  if (now === undefined) return true;
  return (
    now.optedOut === undefined &&
    now.outbox.some(({ key }) => key === effect.key)
  );
}

/** Whether agent-core's registry knows an opt-out of the person. Rejects when it cannot be asked. */
export async function hasOptedOut(
  deps: EffectDeps,
  effect: Effect,
  conversation: Conversation,
  signal: AbortSignal,
): Promise<boolean> {
  const { tenantId, names } = conversation;
  const core = asTenant(deps.services.agentCore, tenantId, effect);
  try {
    if (names.phone !== undefined)
      return (await core.optOut(names.phone, { signal })).optedOut;
    if (names.userId === undefined) return false;
    const { lead } = await core.fetchLead({ userId: names.userId }, { signal });
    return lead?.optedOut === true;
  } catch (error) {
    // Nobody there under this name: nobody who opted out.
    if (error instanceof AgentCoreError && error.status === 404) return false;
    throw error;
  }
}
