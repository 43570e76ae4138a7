import type { EasymoEvent } from "@easymo/messaging";
import type { ChannelName } from "../../conversation/state.js";
import type { Draft } from "../draft.js";
import type { EffectKind } from "../effects.js";
import { eventRule } from "../rule.js";

/** What reaches the person, or spends their money, or leads there. */
export const outward: readonly EffectKind[] = [
  "send_whatsapp",
  "answer_turn",
  "hand_over",
  "check_handover",
  "place_call",
  "know_lead",
  "rank",
  "register_buyer",
  "add_intent",
  "add_ranking",
  "reserve",
];

/** Whether the person has wanted messages again since: an event that came late does not undo that. */
function isOutdated({ state }: Draft, at: string): boolean {
  const { optedInAt } = state;
  return optedInAt !== undefined && Date.parse(optedInAt) > Date.parse(at);
}

function refuse(
  draft: Draft,
  event: EasymoEvent<"call.opt_out"> | EasymoEvent<"message.opt_out">,
  channel: ChannelName,
): void {
  const { via, phrase, at, agent } = event.data;
  draft.heard(channel, agent);
  draft.set({ optedOut: { at, channel } });
  draft.cancel(outward);
  const reason = [via, phrase]
    .filter((part) => part !== undefined && part !== "")
    .join(": ")
    .slice(0, 500);
  draft.emit({
    kind: "register_opt_out",
    channel,
    at,
    ...(reason === "" ? {} : { reason }),
  });
}

export const consentRules = [
  eventRule({
    on: ["call.opt_out"],
    when: "the person did not opt in again since",
    holds: (draft, { data }) => !isOutdated(draft, data.at),
    then: "the person opted out; what is pending for them is cancelled",
    effects: ["register_opt_out"],
    apply: (draft, event) => {
      const call = draft.call(event.data.callId);
      refuse(draft, event, call?.channel ?? "voice");
    },
  }),
  eventRule({
    on: ["message.opt_out"],
    when: "the person did not opt in again since",
    holds: (draft, { data }) => !isOutdated(draft, data.at),
    then: "the person opted out; what is pending for them is cancelled",
    effects: ["register_opt_out"],
    apply: (draft, event) => refuse(draft, event, "whatsapp"),
  }),
  eventRule({
    on: ["message.opt_in"],
    when: "it is later than the opt-out",
    holds: ({ state }, { data }) =>
      state.optedOut === undefined ||
      Date.parse(data.at) >= Date.parse(state.optedOut.at),
    then: "the person wants messages again",
    effects: [],
    apply(draft, { data }) {
      draft.heard("whatsapp", data.agent);
      const { optedOut: _, ...rest } = draft.state;
      draft.state = { ...rest, optedInAt: data.at, optIn: true };
    },
  }),
];
