import { AgentCoreError, type Candidate } from "@easymo/agent-core-client";
import { deriveEventId } from "@easymo/messaging";
import { limits } from "../conversation/limits.js";
import type { OfferNote } from "../conversation/state.js";
import { asTenant, isTakenAnyhow, personRef, refusedOrThrow } from "./deps.js";
import type { Executor } from "./executor.js";
import { mayStill } from "./permission.js";

/** Asks the ranking service who has what the person wants. */
export const rank: Executor<"rank"> = async (
  deps,
  effect,
  { conversation },
  signal,
) => {
  const { intentId, name, slots, contact } = effect;
  const core = asTenant(deps.services.ranking, conversation.tenantId, effect);
  const { rankingId, candidates } = await core.rank(
    { intentId, name, slots, contact },
    { idempotencyKey: effect.key, signal },
  );
  const { intents } = conversation;
  const agent = intents.find((one) => one.intentId === intentId)?.agent;
  const table = deps.routing.current();
  const usual =
    agent === undefined
      ? undefined
      : table.findAgent(conversation.tenantId, agent)?.payment.currency;
  return {
    kind: "ranking",
    rankingId,
    offers: candidates
      .slice(0, limits.offers)
      .map((candidate) => offerOf(candidate, usual ?? "RWF")),
  };
};

/** @param usual the currency of the agent, for a ranking that tells none */
function offerOf(candidate: Candidate, usual: string): OfferNote {
  const { vendorId, name, score, price, reasons } = candidate;
  const currency = /^[A-Z]{3}$/.test(candidate.currency)
    ? candidate.currency
    : usual;
  return { vendorId, name, score, price, currency, reasons };
}

/** There is no such part. */
const ABSENT = new Set([404, 405, 501]);

/** The person as a buyer; where the buyer service makes none, their lead is the buyer. */
export const registerBuyer: Executor<"register_buyer"> = async (
  deps,
  effect,
  { conversation },
  signal,
) => {
  const { tenantId, names, name, intents, leadId } = conversation;
  const intent = intents.find(({ intentId }) => intentId === effect.intentId);
  const person = personRef(names) ?? {
    // Of a caller who withholds their number there is the call.
    userId: (intent?.contact ?? conversation.id).slice(0, 128),
  };
  const core = asTenant(deps.services.buyer, tenantId, effect);
  try {
    const { buyer } = await core.registerBuyer(
      { ...person, ...(name === undefined ? {} : { name }) },
      { idempotencyKey: effect.key, signal },
    );
    return { kind: "buyer", buyerId: buyer.buyerId };
  } catch (error) {
    const { status = 0 } = error instanceof AgentCoreError ? error : {};
    if (leadId === undefined || !ABSENT.has(status)) throw error;
    return { kind: "buyer", buyerId: leadId };
  }
};

/** What the buyer wants. A buyer service without this part goes without. */
export const addIntent: Executor<"add_intent"> = async (
  deps,
  effect,
  { conversation },
  signal,
) => {
  const { buyerId, intentId, channel, name, slots } = effect;
  const core = asTenant(deps.services.buyer, conversation.tenantId, effect);
  try {
    await core.addIntent(
      buyerId,
      { intentId, channel, name, slots },
      { idempotencyKey: effect.key, signal },
    );
  } catch (error) {
    if (!isTakenAnyhow(error)) return refusedOrThrow(error);
  }
  return { kind: "done" };
};

/** The ranking, for the buyer. */
export const addRanking: Executor<"add_ranking"> = async (
  deps,
  effect,
  { conversation },
  signal,
) => {
  const { buyerId, intentId, rankingId, offers } = effect;
  const core = asTenant(deps.services.buyer, conversation.tenantId, effect);
  try {
    await core.addRanking(
      buyerId,
      {
        intentId,
        rankingId,
        candidates: offers.map(({ reasons, ...offer }) => ({
          ...offer,
          reasons: [...reasons],
        })),
      },
      { idempotencyKey: effect.key, signal },
    );
  } catch (error) {
    if (!isTakenAnyhow(error)) throw error;
  }
  return { kind: "done" };
};

/** Holds money for the wish. A no of the wallet, such as an empty account, is an answer too. */
export const reserve: Executor<"reserve"> = async (
  deps,
  effect,
  about,
  signal,
) => {
  if (!(await mayStill(deps, effect, about)))
    return { kind: "withheld", reason: "cancelled" };
  const { buyerId, intentId, amount, currency, expiresAt } = effect;
  const { tenantId } = about.conversation;
  const core = asTenant(deps.services.wallet, tenantId, effect);
  try {
    const { reservation } = await core.reserve(
      { buyerId, intentId, amount, currency, expiresAt },
      { idempotencyKey: effect.key, signal },
    );
    return { kind: "reserved", reservationId: reservation.reservationId };
  } catch (error) {
    if (isTakenAnyhow(error)) return { kind: "reserved" };
    return refusedOrThrow(error);
  }
};

/** Lets go of money that is held for nothing any more. What was captured or has expired meanwhile is none of it. */
export const release: Executor<"release"> = async (
  deps,
  effect,
  { conversation },
  signal,
) => {
  const core = asTenant(deps.services.wallet, conversation.tenantId, effect);
  try {
    await core.releaseReservation(effect.reservationId, {
      idempotencyKey: effect.key,
      signal,
    });
  } catch (error) {
    if (!isTakenAnyhow(error)) return refusedOrThrow(error);
  }
  return { kind: "done" };
};

/** Keeps what the conversation came to with the buyer. A buyer service without this part goes without. */
export const keepConversation: Executor<"keep_conversation"> = async (
  deps,
  effect,
  { conversation },
  signal,
) => {
  const { buyerId, summary, eventId, at } = effect;
  const { tenantId, id, language, channels, lastChannel, turns } = conversation;
  const core = asTenant(deps.services.buyer, tenantId, effect);
  const body = {
    summary,
    conversationId: id,
    channels,
    lastEventId: eventId,
    turns,
    at,
    ...(language === undefined ? {} : { language }),
    ...(lastChannel === undefined ? {} : { lastChannel }),
  };
  try {
    await core.saveConversation(buyerId, body, {
      // The words may be others when it is tried again after the store forgot.
      idempotencyKey: deriveEventId(effect.key, JSON.stringify(body)),
      signal,
    });
  } catch (error) {
    if (!isTakenAnyhow(error)) return refusedOrThrow(error);
  }
  return { kind: "done" };
};
