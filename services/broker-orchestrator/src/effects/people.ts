import type { Lead } from "@easymo/agent-core-client";
import { deriveEventId } from "@easymo/messaging";
import type { Outcome } from "../machine/effects.js";
import { asTenant, isTakenAnyhow, personRef, refusedOrThrow } from "./deps.js";
import type { Executor } from "./executor.js";

/** Brings what the person said into agent-core's registry. */
export const registerOptOut: Executor<"register_opt_out"> = async (
  deps,
  effect,
  { conversation },
  signal,
) => {
  const person = personRef(conversation.names);
  if (person === undefined)
    return { kind: "withheld", reason: "unknown_person" };
  const core = asTenant(deps.services.agentCore, conversation.tenantId, effect);
  const { channel, reason, key: idempotencyKey, at } = effect;
  try {
    const { optOut } = await core.registerOptOut(
      { ...person, channel, ...(reason === undefined ? {} : { reason }) },
      { idempotencyKey, signal },
    );
    return { kind: "opt_out_registered", at: rfc3339(optOut.at) ?? at };
  } catch (error) {
    if (isTakenAnyhow(error)) return { kind: "opt_out_registered", at };
    throw error;
  }
};

/** The person's lead: fetched, or logged when there is none. */
export const knowLead: Executor<"know_lead"> = async (
  deps,
  effect,
  { conversation },
  signal,
) => {
  const { tenantId, names, name, language, lastChannel } = conversation;
  const person = personRef(names);
  if (person === undefined) return { kind: "lead", lead: undefined };
  const core = asTenant(deps.services.agentCore, tenantId, effect);
  try {
    const fetched = await core.fetchLead(person, { signal });
    if (fetched.lead !== null) return leadOutcome(fetched.lead);
    const { lead } = await core.logLead(
      {
        ...person,
        source: lastChannel ?? "voice",
        lastChannel: lastChannel ?? "voice",
        ...(name === undefined ? {} : { name }),
        ...(language === undefined ? {} : { language }),
      },
      { idempotencyKey: deriveEventId(effect.key, "log-lead"), signal },
    );
    return leadOutcome(lead);
  } catch (error) {
    if (isTakenAnyhow(error)) return { kind: "lead", lead: undefined };
    return refusedOrThrow(error);
  }
};

/** Enriches the person's lead with where they were heard last. */
export const noteChannel: Executor<"note_channel"> = async (
  deps,
  effect,
  { conversation },
  signal,
) => {
  const { tenantId, names, language } = conversation;
  const person = personRef(names);
  if (person === undefined)
    return { kind: "withheld", reason: "unknown_person" };
  const core = asTenant(deps.services.agentCore, tenantId, effect);
  try {
    await core.logLead(
      {
        ...person,
        source: effect.channel,
        lastChannel: effect.channel,
        ...(language === undefined ? {} : { language }),
      },
      { idempotencyKey: effect.key, signal },
    );
  } catch (error) {
    if (!isTakenAnyhow(error)) return refusedOrThrow(error);
  }
  return { kind: "done" };
};

function leadOutcome(lead: Lead): Outcome {
  const { leadId, phone, userId, name, language, tags, source } = lead;
  return {
    kind: "lead",
    lead: {
      leadId,
      tags,
      optedOut: lead.optedOut,
      ...(phone === null ? {} : { phone }),
      ...(userId === null ? {} : { userId }),
      ...(name === null ? {} : { name }),
      ...(language === null ? {} : { language }),
      ...(source === null ? {} : { source }),
      ...(lead.optIn === null ? {} : { optIn: lead.optIn }),
    },
  };
}

function rfc3339(text: string): string | undefined {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
