import type { EasymoEvent, EventType } from "@easymo/messaging";
import type { Draft } from "./draft.js";
import type { EffectKind } from "./effects.js";

/** An event of one of these types. */
type EventOf<T extends EventType> = Extract<EasymoEvent, { type: T }>;

/** One row of the transition table: what an event does to a conversation, and when. */
interface EventRule<T extends EventType> {
  readonly on: readonly T[];
  /** The condition, in words. */
  readonly when: string;
  holds(draft: Draft, event: EventOf<T>): boolean;
  /** What the conversation knows afterwards, in words. */
  readonly then: string;
  /** Every kind of effect that the row may have. */
  readonly effects: readonly EffectKind[];
  apply(draft: Draft, event: EventOf<T>): void;
}

/** A row, as the machine keeps it: it finds out itself whether an event is its own. */
export interface AnyEventRule {
  readonly on: readonly EventType[];
  readonly when: string;
  readonly then: string;
  readonly effects: readonly EffectKind[];
  /** False: not its event, or its condition does not hold. */
  run(draft: Draft, event: EasymoEvent): boolean;
}

export interface AnyOutcomeRule {
  readonly of: EffectKind;
  readonly when: string;
  readonly then: string;
  readonly effects: readonly EffectKind[];
}

/** A row for the table. */
export function eventRule<T extends EventType>(
  rule: EventRule<T>,
): AnyEventRule {
  const { on, when, then, effects } = rule;
  const types: readonly string[] = on;
  const isOwn = (event: EasymoEvent): event is EventOf<T> =>
    types.includes(event.type);
  return {
    on,
    when,
    then,
    effects,
    run(draft, event) {
      if (!isOwn(event) || !rule.holds(draft, event)) return false;
      rule.apply(draft, event);
      return true;
    },
  };
}
