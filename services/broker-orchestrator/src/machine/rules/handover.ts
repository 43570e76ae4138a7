import type { JsonValue } from "../../conversation/state.js";
import { agentName, type Draft } from "../draft.js";
import type { HandoverNews } from "../effects.js";
import { outcomeRow } from "../outcome-row.js";

const MAX_SUMMARY_CHARACTERS = 4_000;
const MAX_REASON_CHARACTERS = 500;

/** Whether people answer the person now. Pure. */
export function isWithHuman({ state, situation }: Draft): boolean {
  const { handover } = state;
  return handover !== undefined && Date.parse(handover.until) > situation.nowMs;
}

/** What was said lately, on every channel. Pure. */
export function summaryOf({ lines }: Draft["state"]): string {
  return lines
    .slice(-12)
    .map(({ role, channel, text }) => `${role} (${channel}): ${text}`)
    .join("\n")
    .slice(-MAX_SUMMARY_CHARACTERS)
    .toWellFormed();
}

/** Gives the conversation to the people whom the agent may hand it to; the agent is quiet from now on. */
export function handOver(
  draft: Draft,
  slots: Readonly<Record<string, JsonValue>>,
  at: string,
): void {
  const { agent, nowMs, handoverMs } = draft.situation;
  const queue = agent?.transfer?.queue;
  if (queue === undefined || isWithHuman(draft)) return;
  const until = new Date(nowMs + handoverMs).toISOString();
  draft.set({ handover: { queue, at, until } });
  // Whatever else was asked, they answer.
  draft.cancel(["answer_turn", "check_handover"]);
  const { reason } = slots;
  draft.emit({
    kind: "hand_over",
    queue,
    summary: summaryOf(draft.state),
    at,
    until,
    ...(typeof reason === "string"
      ? { reason: reason.slice(0, MAX_REASON_CHARACTERS) }
      : {}),
  });
}

/** The agent answers again. */
export function takeBack(draft: Draft): void {
  const { handover, ...rest } = draft.state;
  if (handover === undefined) return;
  draft.state = rest;
  const { at: _, ...news } = handover;
  tell(draft, { state: "over", ...news });
}

function tell(draft: Draft, handover: HandoverNews): void {
  draft.emit(
    {
      kind: "publish",
      what: {
        type: "conversation.updated",
        lastEventType: "message.received",
        handover,
        at: new Date(draft.situation.nowMs).toISOString(),
      },
    },
    `handover:${handover.state}`,
  );
}

/** What follows when a conversation is handed over, and when it was asked whether it still is. */
export const handoverRows = [
  outcomeRow({
    of: "hand_over",
    outcomes: ["handed_over"],
    then: "people have the conversation, and everybody knows; the agent is quiet until it is handed back or the time is up",
    effects: ["publish"],
    apply(draft, { queue, until, reason, summary }, { handoverId, to }) {
      const { handover } = draft.state;
      const known = {
        to,
        ...(handoverId === undefined ? {} : { handoverId }),
      };
      if (handover?.until === until)
        draft.set({ handover: { ...handover, ...known } });
      tell(draft, {
        state: "with_human",
        queue,
        until,
        summary,
        ...known,
        ...(reason === undefined ? {} : { reason }),
      });
    },
  }),
  outcomeRow({
    of: "hand_over",
    outcomes: ["refused", "withheld"],
    then: "nobody took the conversation over: the agent goes on",
    effects: ["publish"],
    apply: takeBack,
  }),
  outcomeRow({
    of: "check_handover",
    outcomes: ["handover"],
    then: "when it was handed back, what people noted is known and the message is answered; else they answer it",
    effects: ["answer_turn", "publish"],
    apply(draft, { handoverId, text, messageId, at }, outcome) {
      if (draft.state.optedOut !== undefined) return;
      const { handover } = draft.state;
      const isSame = handover?.handoverId === handoverId;
      if (isWithHuman(draft) && (outcome.isWithHuman || !isSame)) return;
      if (isSame) {
        const { notes = "" } = outcome;
        takeBack(draft);
        if (notes.trim() !== "") draft.line("assistant", notes, "whatsapp", at);
      }
      draft.emit({
        kind: "answer_turn",
        text,
        messageId,
        agent: agentName(draft),
        at,
      });
    },
  }),
];
