import { limits } from "../../conversation/limits.js";
import { languageOf, sentence } from "../../wording/wording.js";
import { digestOf, type Draft } from "../draft.js";
import { remembered } from "../memory.js";
import {
  outcomeRow,
  type AnyOutcomeRow,
  type OutcomeOf,
} from "../outcome-row.js";
import { write } from "../speaking.js";
import { advance, answer, forward, letGo } from "./forwarding.js";
import { handOver, handoverRows } from "./handover.js";
import { takeIntent } from "./intents.js";
import { learn } from "./leads.js";
import { intentEventId } from "./messages.js";

/** A wish that a turn found out is taken when it is at least this sure. */
const SURE_ENOUGH = 0.5;
/** What vendors can answer. */
const WISHES = new Set(["order", "price"]);

/** A payment that was issued in a turn is known on every channel. */
function notePayment(
  draft: Draft,
  { method, ...payment }: NonNullable<OutcomeOf<"answered">["payment"]>,
  agent: string,
  at: string,
): void {
  draft.set({
    payments: [...draft.state.payments, { ...payment, at }].slice(
      -limits.payments,
    ),
  });
  const region = draft.situation.agent?.payment.region ?? "rw";
  const type = "payment.requested";
  draft.emit(
    {
      kind: "publish",
      what: { type, ...payment, method, region, agent, at },
    },
    type,
  );
}

/** What follows when an effect is done, refused, or withheld. What is in no row follows from nothing. */
export const outcomeRows: readonly AnyOutcomeRow[] = [
  outcomeRow({
    of: "register_opt_out",
    outcomes: ["opt_out_registered"],
    then: "the registry has the opt-out",
    effects: ["publish"],
    apply(draft, { channel, reason }, { at }) {
      draft.emit({
        kind: "publish",
        what: {
          type: "opt_out.registered",
          channel,
          registeredAt: at,
          at: new Date(draft.situation.nowMs).toISOString(),
          ...(reason === undefined ? {} : { reason }),
        },
      });
    },
  }),
  outcomeRow({
    of: "know_lead",
    outcomes: ["lead", "refused"],
    then: "the person is a lead; their other names lead to the same conversation; of one who opted out the wish ends here",
    effects: ["publish", "rank", "register_buyer"],
    apply(draft, { intentId }, outcome) {
      if (outcome.kind === "lead") {
        learn(draft, outcome);
        // Of a lead, not of an event: only the registry knows when that is over.
        if (outcome.lead?.optedOut === true) return;
      }
      const intent = draft.intent(intentId);
      if (intent === undefined) return;
      const { name, slots, contact, eventId } = intent;
      draft.emit(
        { kind: "rank", intentId, name, slots, contact },
        intentId,
        eventId,
      );
      draft.emit({ kind: "register_buyer", intentId }, intentId, eventId);
    },
  }),
  outcomeRow({
    of: "rank",
    outcomes: ["ranking"],
    then: "the offers are known",
    effects: ["add_intent", "add_ranking", "reserve"],
    apply(draft, { intentId }, { rankingId, offers }) {
      draft.noteIntent(intentId, { rankingId, offers });
      advance(draft, intentId);
    },
  }),
  outcomeRow({
    of: "register_buyer",
    outcomes: ["buyer"],
    then: "the buyer is known",
    effects: ["add_intent", "add_ranking", "reserve"],
    apply(draft, { intentId }, { buyerId }) {
      draft.set({ buyerId });
      draft.noteIntent(intentId, { buyerId });
      advance(draft, intentId);
    },
  }),
  outcomeRow({
    of: "add_ranking",
    outcomes: ["done"],
    then: "the buyer service has the ranking; the person is told",
    effects: ["send_whatsapp", "publish", "keep_conversation"],
    apply(draft, { intentId }) {
      draft.noteIntent(intentId, { rankingAccepted: true });
      answer(draft, intentId);
      forward(draft, intentId);
    },
  }),
  outcomeRow({
    of: "reserve",
    outcomes: ["reserved", "refused", "withheld"],
    then: "the wallet has answered, with a reservation or without; what is held for a wish that was completed meanwhile is let go of",
    effects: ["publish", "keep_conversation", "release"],
    apply(draft, { intentId }, outcome) {
      const reservation =
        outcome.kind === "reserved"
          ? {
              outcome: "reserved",
              ...(outcome.reservationId === undefined
                ? {}
                : { id: outcome.reservationId }),
            }
          : {
              outcome:
                outcome.kind === "refused" ? outcome.code : outcome.reason,
            };
      draft.noteIntent(intentId, { reservation });
      letGo(draft, intentId);
      forward(draft, intentId);
    },
  }),
  outcomeRow({
    of: "release",
    outcomes: ["done"],
    then: "no money is held for the wish any more",
    effects: [],
    apply(draft, { intentId }) {
      draft.noteIntent(intentId, { reservation: { outcome: "released" } });
    },
  }),
  outcomeRow({
    of: "answer_turn",
    outcomes: ["answered"],
    then: "the turn is answered; a wish that it shows, for vendors, a call or a human, is taken, once, also when whatsapp-bot tells of it",
    effects: [
      "send_whatsapp",
      "know_lead",
      "release",
      "publish",
      "place_call",
      "hand_over",
    ],
    apply(draft, { messageId, agent, at }, { text, intent, payment }) {
      if (draft.state.optedOut !== undefined) return;
      if (payment !== undefined) notePayment(draft, payment, agent, at);
      if (text.trim() !== "")
        write(draft, {
          purpose: "reply",
          text,
          dedupeKey: `turn:${messageId}`.slice(0, 512),
          inReplyTo: messageId,
        });
      const id = intentEventId(messageId);
      const digest = digestOf({ type: "intent.captured", id });
      if (intent === undefined || intent.confidence < SURE_ENOUGH) return;
      // The turn alone hands over, whoever else has told of the wish.
      if (intent.name === "human") handOver(draft, intent.slots, at);
      if (draft.state.seen.includes(digest)) return;
      const { phone, userId } = draft.state.names;
      const { canCall } = draft.situation;
      if (intent.name === "call" && canCall && phone !== undefined) {
        remembered(draft, digest);
        const call = { kind: "place_call", to: phone, agent } as const;
        draft.emit({ ...call, messageId, at }, "", id);
      }
      if (!WISHES.has(intent.name)) return;
      remembered(draft, digest);
      takeIntent(draft, {
        intentId: id,
        eventId: id,
        name: intent.name,
        slots: intent.slots,
        channel: "whatsapp",
        agent,
        contact: phone ?? userId ?? "",
        at,
      });
    },
  }),
  outcomeRow({
    of: "place_call",
    outcomes: ["calling", "refused"],
    then: "the person is told that they are called, or cannot be",
    effects: ["send_whatsapp"],
    apply(draft, { messageId }, outcome) {
      const language = languageOf(
        draft.state,
        draft.situation.agent?.languages,
      );
      const isOptOut =
        outcome.kind === "refused" && outcome.code === "opted_out";
      if (draft.state.optedOut !== undefined || isOptOut) return;
      write(draft, {
        purpose: "notice",
        text: sentence(
          language,
          outcome.kind === "calling" ? "calling" : "cannotCall",
        ),
        dedupeKey: `call-me:${messageId}`.slice(0, 512),
        inReplyTo: messageId,
      });
    },
  }),
  ...handoverRows,
];
