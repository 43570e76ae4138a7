import type { EasymoEvent } from "@easymo/messaging";
import { limits } from "../../conversation/limits.js";
import type { CallNote, PaymentNote } from "../../conversation/state.js";
import { paymentWords } from "../../turns/payment.js";
import { languageOf, sentence, summaryText } from "../../wording/wording.js";
import { agentName, type Draft } from "../draft.js";
import { eventRule } from "../rule.js";
import { mayWrite, write } from "../speaking.js";
import { summaryOf } from "./handover.js";
import { itemOf } from "./offers.js";

type Stop = EasymoEvent<"call.stop">;

/** How voice-bridge says that a call ended against everybody's will. */
const CUT_OFF = new Set([
  "connection_lost",
  "model_lost",
  "model_unreachable",
  "drained",
  "failed",
  "error",
  "dropped",
  "timeout",
]);
/** Ended as someone wanted it, however short it was. */
const WANTED = new Set(["opt_out", "transfer", "api_hangup", "rejected"]);
/** After one follow-up the next missed call is not followed up for so long. */
const QUIET_MS = 10 * 60_000;

/** Whether a call was missed, cut off, or neither. Pure. */
function troubleOf(
  { data }: Stop,
  call: CallNote | undefined,
): "missed" | "dropped" | undefined {
  if (WANTED.has(data.reason)) return undefined;
  const connected = data.durationMs > 0 || call?.connected === true;
  if (!connected) return "missed";
  return CUT_OFF.has(data.reason) ? "dropped" : undefined;
}

/** What a call came to that is worth having in writing. */
function substanceOf(draft: Draft, callId: string) {
  const items = draft.state.intents
    .filter((intent) => intent.callId === callId)
    .map((intent) => itemOf(intent) ?? intent.name);
  const payments = draft.state.payments.filter(
    (payment) => payment.callId === callId && payment.isWritten !== true,
  );
  return { items, payments };
}

function isFollowedUp(draft: Draft, { data }: Stop): boolean {
  return (
    draft.call(data.callId)?.followedUp === true ||
    draft.state.calls.some(
      ({ callId, followedUp, ended }) =>
        callId !== data.callId &&
        followedUp &&
        ended !== undefined &&
        Math.abs(Date.parse(data.at) - Date.parse(ended.at)) < QUIET_MS,
    )
  );
}

function followUp(draft: Draft, { data }: Stop, text: string): void {
  const call = draft.call(data.callId);
  draft.noteCall(
    data.callId,
    { channel: call?.channel ?? "voice", at: data.at },
    { followedUp: true },
  );
  write(draft, {
    purpose: "notice",
    text,
    dedupeKey: `call:${data.callId}:follow-up`,
    callId: data.callId,
  });
}

function language(draft: Draft) {
  return languageOf(draft.state, draft.situation.agent?.languages);
}

export const callRules = [
  eventRule({
    on: ["call.start"],
    when: "always",
    holds: () => true,
    then: "a call is on",
    effects: [],
    apply(draft, { data }) {
      const channel = data.channel === "sip" ? "sip" : "voice";
      const { direction, at } = data;
      draft.noteCall(data.callId, { channel, at }, { channel, direction });
      if (direction === "inbound") draft.heard(channel, data.agent);
    },
  }),
  eventRule({
    on: ["call.connected"],
    when: "always",
    holds: () => true,
    then: "the call is answered",
    effects: [],
    apply(draft, { data }) {
      const channel = draft.call(data.callId)?.channel ?? "voice";
      draft.noteCall(
        data.callId,
        { channel, at: data.at },
        { connected: true },
      );
      draft.heard(channel, data.agent);
    },
  }),
  eventRule({
    on: ["sip.ringing", "sip.connected"],
    when: "always",
    holds: () => true,
    then: "a SIP call rings, or is answered",
    effects: [],
    apply(draft, { type, data }) {
      const connected = type === "sip.connected" ? { connected: true } : {};
      draft.noteCall(data.callId, { channel: "sip", at: data.at }, connected);
      draft.heard("sip", data.agent);
    },
  }),
  eventRule({
    on: ["media.transcript"],
    when: "something was said",
    holds: (_draft, { data }) => data.text.trim() !== "",
    then: "the words are known on every channel",
    effects: [],
    apply(draft, { data }) {
      const channel = draft.call(data.callId)?.channel ?? "voice";
      if (data.role === "user" && draft.call(data.callId)?.spoke !== true)
        draft.noteCall(data.callId, { channel, at: data.at }, { spoke: true });
      draft.heard(channel, data.agent);
      draft.line(data.role, data.text, channel, data.at);
    },
  }),
  eventRule({
    on: ["call.payment_prompt"],
    when: "always",
    holds: () => true,
    then: "the payment's code is known on every channel",
    effects: ["publish", "send_whatsapp"],
    apply(draft, { id, data }) {
      const { paymentId = id, amount, currency, ussd, url, callId, at } = data;
      const payment: PaymentNote = {
        paymentId,
        amount,
        currency,
        callId,
        at,
        ...(ussd === undefined ? {} : { ussd }),
        ...(url === undefined ? {} : { url }),
      };
      const { method, region, agent = agentName(draft) } = data;
      draft.set({ language: data.language });
      const isWritten = mayWrite(draft);
      draft.set({
        payments: [
          ...draft.state.payments,
          isWritten ? { ...payment, isWritten } : payment,
        ].slice(-limits.payments),
      });
      draft.emit({
        kind: "publish",
        what: {
          type: "payment.requested",
          ...payment,
          callId,
          method,
          region,
          agent,
        },
      });
      // In the words and under the key that voice-bridge uses: whoever comes first, it is sent once.
      if (isWritten)
        write(draft, {
          purpose: "payment",
          text: paymentWords(payment, language(draft)),
          dedupeKey: `payment:${paymentId}`,
          callId,
        });
    },
  }),
  eventRule({
    on: ["call.stop", "sip.ended"],
    when: "always",
    holds: () => true,
    then: "the call is over",
    effects: [],
    apply(draft, { type, data }) {
      const channel =
        draft.call(data.callId)?.channel ??
        (type === "sip.ended" ? "sip" : "voice");
      const reason = type === "call.stop" ? data.reason : "ended";
      const known = draft.call(data.callId)?.ended;
      draft.noteCall(
        data.callId,
        { channel, at: data.at },
        { ended: known ?? { at: data.at, reason } },
      );
    },
  }),
  eventRule({
    on: ["call.stop"],
    when: "nobody answered, or it was cut off; not followed up yet, nor another within ten minutes; writing is allowed",
    holds: (draft, event) =>
      troubleOf(event, draft.call(event.data.callId)) !== undefined &&
      !isFollowedUp(draft, event) &&
      mayWrite(draft),
    then: "the call is followed up",
    effects: ["send_whatsapp"],
    apply(draft, event) {
      const call = draft.call(event.data.callId);
      const missed =
        call?.direction === "outbound" ? "missedOutbound" : "missedInbound";
      const which = troubleOf(event, call) === "missed" ? missed : "dropped";
      followUp(draft, event, sentence(language(draft), which));
    },
  }),
  eventRule({
    on: ["call.stop"],
    when: "it went well and came to a wish, or to a payment that was not written of yet; writing is allowed",
    holds(draft, event) {
      const { items, payments } = substanceOf(draft, event.data.callId);
      return (
        troubleOf(event, draft.call(event.data.callId)) === undefined &&
        event.data.reason !== "opt_out" &&
        items.length + payments.length > 0 &&
        draft.call(event.data.callId)?.followedUp !== true &&
        mayWrite(draft)
      );
    },
    then: "the call is summed up",
    effects: ["send_whatsapp"],
    apply(draft, event) {
      const { items, payments } = substanceOf(draft, event.data.callId);
      followUp(draft, event, summaryText(language(draft), items, payments));
    },
  }),
  eventRule({
    on: ["call.stop"],
    when: "the person was on it, is known by a number or an address, and did not opt out",
    holds: ({ state }, { data }) =>
      state.optedOut === undefined &&
      (data.durationMs > 0 ||
        state.calls.some(
          ({ callId, connected }) => callId === data.callId && connected,
        )) &&
      (state.names.phone ?? state.names.userId ?? state.names.sip) !==
        undefined,
    then: "the lead has the channel on which they were heard last",
    effects: ["note_channel"],
    apply(draft, event) {
      const channel = draft.call(event.data.callId)?.channel ?? "voice";
      draft.emit({ kind: "note_channel", channel });
    },
  }),
  eventRule({
    on: ["call.stop"],
    when: "the person is a known buyer",
    holds: ({ state }) => state.buyerId !== undefined,
    then: "what the conversation came to is kept with the buyer",
    effects: ["keep_conversation"],
    apply(draft, event) {
      keepConversation(draft, event.data.at);
    },
  }),
];

/** What the conversation came to, for the buyer's context. */
export function keepConversation(draft: Draft, at: string): void {
  const { buyerId } = draft.state;
  if (buyerId === undefined) return;
  const summary = summaryOf(draft.state);
  if (summary === "") return;
  draft.emit({ kind: "keep_conversation", buyerId, summary, at });
}
