import { intentByRules, languageOfText } from "@easymo/intent-rules";
import { deriveEventId, type EasymoEvent } from "@easymo/messaging";
import { detectOptOut } from "@easymo/opt-out-lexicon";
import { agentName, digestOf, type Draft } from "../draft.js";
import { remembered } from "../memory.js";
import { eventRule } from "../rule.js";
import { isWithHuman, takeBack } from "./handover.js";

type Received = EasymoEvent<"message.received">;

/** What a message says, whichever way it was said. */
function textOf({ data }: Received): string | undefined {
  const text = data.text ?? data.reply?.title;
  return text === undefined || text.trim() === "" ? undefined : text;
}

/** Said to us, by someone who may be answered, and no request to stop, which consent takes care of. */
function isForUs(draft: Draft, event: Received): boolean {
  const text = textOf(event);
  if (text === undefined || draft.state.optedOut !== undefined) return false;
  if (event.data.kind === "system" || "groupId" in event.data) return false;
  const phrases = draft.situation.agent?.optOut.phrases ?? [];
  return detectOptOut(text, { phrases }) === undefined;
}

function wantsCall(draft: Draft, event: Received): boolean {
  const { names } = draft.state;
  return (
    draft.situation.canCall &&
    names.phone !== undefined &&
    intentByRules(textOf(event) ?? "")?.name === "call"
  );
}

/** The id under which whatsapp-bot tells of the same message's intent. */
export function intentEventId(messageId: string): string {
  return deriveEventId("whatsapp", messageId, "intent");
}

export const messageRules = [
  eventRule({
    on: ["message.received"],
    when: "people had the conversation and their time is up",
    holds: (draft) => draft.state.handover !== undefined && !isWithHuman(draft),
    then: "the agent answers again",
    effects: ["publish"],
    apply: takeBack,
  }),
  eventRule({
    on: ["message.received"],
    when: "always",
    holds: () => true,
    then: "WhatsApp's 24-hour window is open; name, language and words are known on every channel",
    effects: [],
    apply(draft, event) {
      const { data } = event;
      const text = textOf(event);
      const language =
        data.language ??
        (text === undefined ? undefined : languageOfText(text));
      const before = draft.state.whatsapp;
      const isLatest =
        before === undefined ||
        Date.parse(data.at) >= Date.parse(before.wroteAt);
      const { at: wroteAt, phoneNumberId } = data;
      const to = phoneNumberId === undefined ? {} : { phoneNumberId };
      draft.heard("whatsapp", data.agent);
      draft.set({
        ...(isLatest ? { whatsapp: { wroteAt, ...to } } : {}),
        ...(data.name === undefined ? {} : { name: data.name.slice(0, 200) }),
        ...(language === undefined ? {} : { language }),
      });
    },
  }),
  eventRule({
    on: ["message.received"],
    when: "it asks to be called, the person's number is known, calls can be made, and the agent has the conversation",
    holds: (draft, event) =>
      isForUs(draft, event) && !isWithHuman(draft) && wantsCall(draft, event),
    then: "the wish is taken, also for the intent that tells of the same message",
    effects: ["place_call"],
    apply(draft, event) {
      const { messageId, at } = event.data;
      const to = draft.state.names.phone;
      if (to === undefined) return;
      draft.line("user", textOf(event) ?? "", "whatsapp", at);
      const id = intentEventId(messageId);
      remembered(draft, digestOf({ type: "intent.captured", id }));
      draft.emit(
        { kind: "place_call", to, agent: agentName(draft), messageId, at },
        "",
        id,
      );
    },
  }),
  eventRule({
    on: ["message.received"],
    when: "people have the conversation, and the person did not opt out or ask to",
    holds: (draft, event) => isForUs(draft, event) && isWithHuman(draft),
    then: "they answer, unless they have handed it back",
    effects: ["check_handover"],
    apply(draft, event) {
      const { messageId, at } = event.data;
      const text = textOf(event) ?? "";
      const handoverId = draft.state.handover?.handoverId;
      if (handoverId !== undefined)
        draft.emit({
          kind: "check_handover",
          handoverId,
          text: text.slice(0, 4_096),
          messageId,
          agent: agentName(draft),
          at,
        });
      draft.line("user", text, "whatsapp", at);
    },
  }),
  eventRule({
    on: ["message.received"],
    when: "it says anything else, the agent has the conversation, and the person did not opt out or ask to",
    holds: (draft, event) =>
      isForUs(draft, event) && !isWithHuman(draft) && !wantsCall(draft, event),
    then: "the turn is open",
    effects: ["answer_turn"],
    apply(draft, event) {
      const { messageId, at } = event.data;
      const text = textOf(event) ?? "";
      draft.emit({
        kind: "answer_turn",
        text: text.slice(0, 4_096),
        messageId,
        agent: agentName(draft),
        at,
      });
      draft.line("user", text, "whatsapp", at);
    },
  }),
];
