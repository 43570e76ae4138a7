import { limits } from "../../conversation/limits.js";
import type { ChannelName, IntentNote } from "../../conversation/state.js";
import { agentName, type Draft } from "../draft.js";
import { eventRule } from "../rule.js";
import { isWithHuman } from "./handover.js";
import { letGo } from "./forwarding.js";
import { completes, itemOf } from "./offers.js";

/** Wishes that no vendor can answer. */
const TALK = new Set(["help", "human", "call"]);

/** Whether vendors can answer it: a payment that names no item is for what was agreed on already. */
function isForVendors(intent: Pick<IntentNote, "name" | "slots">): boolean {
  if (TALK.has(intent.name)) return false;
  return intent.name !== "pay" || itemOf(intent) !== undefined;
}

/**
 * Takes a wish in: from now on it goes its way to the vendors and back. Of an earlier one that it completes, the money is
 * let go of before any is held for this one.
 */
export function takeIntent(draft: Draft, intent: IntentNote): void {
  for (const earlier of draft.state.intents) {
    if (earlier.replacedBy !== undefined || !completes(intent, earlier))
      continue;
    draft.noteIntent(earlier.intentId, { replacedBy: intent.intentId });
    letGo(draft, earlier.intentId);
  }
  draft.set({
    intents: [...draft.state.intents, intent].slice(-limits.intents),
  });
  draft.emit(
    { kind: "know_lead", intentId: intent.intentId },
    intent.intentId,
    intent.eventId,
  );
}

export const intentRules = [
  eventRule({
    on: ["intent.captured"],
    when: "always",
    holds: () => true,
    then: "channel, agent and language are known",
    effects: [],
    apply(draft, { data }) {
      draft.heard(data.channel, data.agent);
      draft.set({ language: data.language });
    },
  }),
  eventRule({
    on: ["intent.captured"],
    when: "it is a wish for vendors that was not taken yet, not written to people who have the conversation, and the person did not opt out",
    holds: (draft, { data }) =>
      isForVendors(data) &&
      !(data.channel === "whatsapp" && isWithHuman(draft)) &&
      draft.state.optedOut === undefined &&
      draft.intent(data.intentId) === undefined,
    then: "the wish is on its way",
    effects: ["know_lead", "release"],
    apply(draft, event) {
      const { data } = event;
      const channel: ChannelName = data.channel;
      takeIntent(draft, {
        intentId: data.intentId,
        eventId: event.id,
        name: data.name,
        slots: data.slots,
        channel,
        agent: data.agent ?? agentName(draft),
        contact: data.contact,
        at: data.at,
        ...(data.callId === undefined ? {} : { callId: data.callId }),
      });
    },
  }),
  eventRule({
    on: ["intent.captured"],
    when: "it was written to the agent, asks to be called, the number is known, calls can be made, and the person did not opt out",
    holds: (draft, { data }) =>
      data.name === "call" &&
      data.channel === "whatsapp" &&
      draft.situation.canCall &&
      !isWithHuman(draft) &&
      draft.state.names.phone !== undefined &&
      draft.state.optedOut === undefined,
    then: "the person is called",
    effects: ["place_call"],
    apply(draft, event) {
      const to = draft.state.names.phone;
      if (to === undefined) return;
      const { at, intentId } = event.data;
      draft.emit({
        kind: "place_call",
        to,
        agent: agentName(draft),
        messageId: event.subject ?? intentId,
        at,
      });
    },
  }),
];
