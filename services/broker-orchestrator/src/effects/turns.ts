import { z } from "zod";
import type { Conversation, JsonValue } from "../conversation/state.js";
import { factSentence, type Fact } from "../turns/facts.js";
import type { TurnRequest } from "../turns/turn-model.js";
import { mayStill } from "./permission.js";
import type { Executor } from "./executor.js";

const MAX_FACTS = 8;
const TURN_TIMEOUT_MS = 30_000;

const jsonSlots = z.record(z.string(), z.json());

/** Has the person's turn answered. */
export const answerTurn: Executor<"answer_turn"> = async (
  deps,
  effect,
  about,
  signal,
) => {
  if (!(await mayStill(deps, effect, about)))
    return { kind: "withheld", reason: "cancelled" };
  const { tenantId, names, name, language, lines } = about.conversation;
  const table = deps.routing.current();
  const agent = table.findAgent(tenantId, effect.agent);
  if (agent === undefined) return { kind: "refused", code: "unknown_agent" };
  const { phone, userId } = names;
  // The newest line is the turn itself.
  const said = lines.findLastIndex(
    (line) => line.role === "user" && line.at === effect.at,
  );
  const turn: TurnRequest = {
    tenantId,
    agent,
    contact: {
      ...(phone === undefined ? {} : { phone }),
      ...(userId === undefined ? {} : { userId }),
      ...(name === undefined ? {} : { name }),
      ...(language === undefined ? {} : { language }),
    },
    history: said < 0 ? lines : lines.slice(0, said),
    text: effect.text,
    facts: factsOf(about.conversation),
    canCall: deps.voiceBridge !== undefined && phone !== undefined,
    key: effect.key,
  };
  const patience = AbortSignal.any([
    signal,
    AbortSignal.timeout(TURN_TIMEOUT_MS),
  ]);
  const { text, intent, payment } = await deps.turns.answer(turn, patience);
  return {
    kind: "answered",
    text,
    ...(intent === undefined
      ? {}
      : { intent: { ...intent, slots: slotsOf(intent.slots) } }),
    ...(payment === undefined ? {} : { payment }),
  };
};

function slotsOf(
  slots: Readonly<Record<string, unknown>>,
): Record<string, JsonValue> {
  const parsed = jsonSlots.safeParse(slots);
  return parsed.success ? parsed.data : {};
}

/** What is known of the person besides what was said: what is known last stands last. Pure. */
export function factsOf(conversation: Conversation): string[] {
  const { calls, intents, payments } = conversation;
  const facts: { at: string; fact: Fact }[] = [
    ...intents.flatMap(({ offers, slots, at }) => {
      if (offers === undefined) return [];
      const { item } = slots;
      const fact: Fact = {
        kind: "offers",
        offers: offers.map((offer) => ({ ...offer, vendor: offer.name })),
        ...(typeof item === "string" ? { item } : {}),
      };
      return [{ at, fact }];
    }),
    ...payments.map(({ amount, currency, ussd, url, at }) => {
      const fact: Fact = {
        kind: "payment",
        amount,
        currency,
        ...(ussd === undefined ? {} : { ussd }),
        ...(url === undefined ? {} : { url }),
      };
      return { at, fact };
    }),
    ...calls.flatMap(({ ended }) => {
      if (ended === undefined) return [];
      const { at, reason } = ended;
      const fact: Fact = { kind: "call", at, outcome: reason };
      return [{ at, fact }];
    }),
  ];
  return facts
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
    .slice(-MAX_FACTS)
    .map(({ fact }) => factSentence(fact));
}
