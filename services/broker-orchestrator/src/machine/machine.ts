import type { EasymoEvent } from "@easymo/messaging";
import { joinNames } from "../conversation/join.js";
import { limits } from "../conversation/limits.js";
import type { Identity } from "../conversation/identity.js";
import { newConversation, type Conversation } from "../conversation/state.js";
import { causeOf, Draft, type Cause, type Situation } from "./draft.js";
import type { Effect, Outcome } from "./effects.js";
import { remembered } from "./memory.js";
import type { AnyEventRule } from "./rule.js";
import { callRules } from "./rules/calls.js";
import { consentRules } from "./rules/consent.js";
import { intentRules } from "./rules/intents.js";
import { messageRules } from "./rules/messages.js";
import { outcomeRows } from "./rules/outcomes.js";

/** Every row for events, in the order in which they are tried; each row whose condition holds is applied. */
export const eventRules: readonly AnyEventRule[] = [
  ...consentRules,
  ...messageRules,
  ...callRules,
  ...intentRules,
];

const rulesByType = new Map<string, AnyEventRule[]>();
for (const rule of eventRules)
  for (const type of rule.on)
    rulesByType.set(type, [...(rulesByType.get(type) ?? []), rule]);

/** Whether an event of this type changes anything of a conversation. */
export function isFollowed(type: string): boolean {
  return rulesByType.has(type);
}

/** What came of an event or an outcome. */
export interface Transition {
  readonly state: Conversation;
  /** What is to be done now; all of it is in the state's outbox. */
  readonly effects: readonly Effect[];
  readonly result:
    | "applied"
    /** Known already: whatever of it was not done yet is among the effects. */
    | "duplicate"
    /** An outcome of something that this conversation knows nothing of: its event is to be taken again. */
    | "lost";
}

/**
 * What an event does to a conversation. An event that was taken before changes nothing; what it left undone is to be done.
 * Pure.
 */
export function applyEvent(
  known: Conversation | undefined,
  event: EasymoEvent,
  identity: Identity,
  situation: Situation,
  cause: Cause = causeOf(event),
): Transition {
  const at = new Date(situation.nowMs).toISOString();
  const before =
    known ??
    newConversation(
      event.tenantId,
      identity.names,
      identity.keys[0] ?? event.id,
      at,
    );
  if (before.seen.includes(cause.of)) return resumed(before, cause.of);
  const draft = new Draft(before, cause, situation);
  draft.set({ names: joinNames(before.names, identity.names), updatedAt: at });
  remembered(draft, cause.of);
  for (const rule of rulesByType.get(event.type) ?? []) rule.run(draft, event);
  return { state: draft.state, effects: draft.emitted, result: "applied" };
}

/** What an effect's outcome does to a conversation. Pure. */
export function applyOutcome(
  known: Conversation | undefined,
  effect: Effect,
  outcome: Outcome,
  cause: Cause,
  situation: Situation,
): Transition | undefined {
  if (known === undefined) return undefined;
  const isPending = known.outbox.some(({ key }) => key === effect.key);
  if (!isPending) {
    if (!known.seen.includes(effect.of))
      return { state: known, effects: [], result: "lost" };
    // Done by someone else meanwhile, or cancelled.
    return resumed(known, effect.of);
  }
  const draft = new Draft(known, cause, situation);
  draft.set({ outbox: known.outbox.filter(({ key }) => key !== effect.key) });
  for (const row of outcomeRows) if (row.run(draft, effect, outcome)) break;
  const { state } = draft;
  return {
    state,
    // What an opt-out cancelled at once is not done.
    effects: draft.emitted.filter((one) => state.outbox.includes(one)),
    result: "applied",
  };
}

/** The event's effects are given up: they wait, for whoever plays its dead letter again. Pure. */
export function bury(state: Conversation, of: string): Conversation {
  const outbox = state.outbox.map((effect) =>
    effect.of === of ? { ...effect, buried: true } : effect,
  );
  const buried = outbox.filter((effect) => effect.buried === true);
  const dropped = new Set(buried.slice(0, -limits.buried));
  return { ...state, outbox: outbox.filter((effect) => !dropped.has(effect)) };
}

function resumed(state: Conversation, of: string): Transition {
  const left = state.outbox.filter((effect) => effect.of === of);
  if (!left.some(({ buried }) => buried === true))
    return { state, effects: left, result: "duplicate" };
  const raise = ({ buried: _, ...effect }: Effect): Effect => effect;
  const outbox = state.outbox.map((effect) =>
    effect.of === of ? raise(effect) : effect,
  );
  return {
    state: { ...state, outbox },
    effects: outbox.filter((effect) => effect.of === of),
    result: "duplicate",
  };
}
