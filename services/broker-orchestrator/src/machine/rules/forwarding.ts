import type { IntentNote } from "../../conversation/state.js";
import { languageOf, offersText } from "../../wording/wording.js";
import type { Draft } from "../draft.js";
import { mayWrite, write } from "../speaking.js";
import { keepConversation } from "./calls.js";
import { amountOf, itemOf } from "./offers.js";

/** How long money is held for a wish. */
const RESERVATION_MS = 24 * 3_600_000;

/** Everything that follows for a wish from what is known of it now. */
export function advance(draft: Draft, intentId: string): void {
  const intent = draft.intent(intentId);
  const { rankingId, offers } = intent ?? {};
  if (intent === undefined || offers === undefined || rankingId === undefined)
    return;
  const { buyerId } = intent;
  if (buyerId === undefined) return;
  const isHanded =
    intent.rankingAccepted !== undefined ||
    draft.state.outbox.some(
      (effect) => effect.kind === "add_ranking" && effect.intentId === intentId,
    );
  if (!isHanded) passOn(draft, intent, buyerId, rankingId, offers);
  forward(draft, intentId);
}

function passOn(
  draft: Draft,
  intent: IntentNote,
  buyerId: string,
  rankingId: string,
  offers: NonNullable<IntentNote["offers"]>,
): void {
  const { intentId, eventId, channel, name, slots } = intent;
  draft.emit(
    { kind: "add_intent", intentId, buyerId, channel, name, slots },
    intentId,
    eventId,
  );
  draft.emit(
    { kind: "add_ranking", intentId, buyerId, rankingId, offers },
    intentId,
    eventId,
  );
  const currency = draft.situation.agent?.payment.currency ?? "RWF";
  const money = amountOf(intent, currency);
  if (money === undefined) {
    draft.noteIntent(intentId, { reservation: { outcome: "no_amount" } });
    return;
  }
  const expiresAt = new Date(
    Date.parse(intent.at) + RESERVATION_MS,
  ).toISOString();
  draft.emit(
    { kind: "reserve", intentId, buyerId, ...money, expiresAt },
    intentId,
    eventId,
  );
}

/** Lets go of what is held for a wish that another one has taken the place of. */
export function letGo(draft: Draft, intentId: string): void {
  const intent = draft.intent(intentId);
  const reservationId = intent?.reservation?.id;
  if (intent?.replacedBy === undefined || reservationId === undefined) return;
  draft.emit(
    { kind: "release", intentId, reservationId },
    intentId,
    intent.eventId,
  );
}

/** The buyer service and the wallet have answered: everybody may know. */
export function forward(draft: Draft, intentId: string): void {
  const intent = draft.intent(intentId);
  if (intent?.rankingAccepted !== true || intent.reservation === undefined)
    return;
  const { rankingId, buyerId, offers, reservation, callId } = intent;
  if (intent.forwarded === true || rankingId === undefined) return;
  if (buyerId === undefined || offers === undefined) return;
  draft.noteIntent(intentId, { forwarded: true });
  draft.emit(
    {
      kind: "publish",
      what: {
        type: "ranking.forwarded",
        intentId,
        rankingId,
        buyerId,
        offers,
        agent: intent.agent,
        at: new Date(draft.situation.nowMs).toISOString(),
        ...(reservation.id === undefined
          ? {}
          : { reservationId: reservation.id }),
        ...(callId === undefined ? {} : { callId }),
      },
    },
    intentId,
    intent.eventId,
  );
  keepConversation(draft, new Date(draft.situation.nowMs).toISOString());
}

/** The offers, in words, on the person's channel; of a call, on WhatsApp when they allow it. */
export function answer(draft: Draft, intentId: string): void {
  const intent = draft.intent(intentId);
  if (intent?.offers === undefined) return;
  const { channel, offers, eventId, callId } = intent;
  const { names, optedOut } = draft.state;
  // Who writes is answered; whether the window is open is whatsapp-bot's to say.
  const may =
    channel === "whatsapp"
      ? optedOut === undefined && (names.phone ?? names.userId) !== undefined
      : mayWrite(draft);
  if (!may) return;
  const language = languageOf(draft.state, draft.situation.agent?.languages);
  write(
    draft,
    {
      purpose: "ranking",
      text: offersText(language, itemOf(intent), offers),
      dedupeKey: `ranking:${intentId}`,
      ...(callId === undefined ? {} : { callId }),
    },
    eventId,
  );
}
